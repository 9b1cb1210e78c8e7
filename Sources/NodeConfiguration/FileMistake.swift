import TorrentEngine
import Yams

/// Why a configuration file could not be read, in one line, without the content that the parsers would show: it may be
/// secret.
enum FileMistake {
    static func words(for error: any Error) -> String {
        switch error {
        case let error as EngineError: error.reason
        case let error as YamlError: words(for: error)
        // Of where, it says nothing.
        case is DecodingError: "it is no valid JSON"
        default: "\(error)"
        }
    }

    private static func words(for error: YamlError) -> String {
        switch error {
        case .scanner(_, let problem, let mark, _), .parser(_, let problem, let mark, _),
            .composer(_, let problem, let mark, _):
            "line \(mark.line), column \(mark.column): \(problem)"
        case .duplicatedKeysInMapping(let keys, let context):
            "\(keys.joined(separator: ", ")) is there more than once in the section that begins in line \(context.mark.line)"
        case .reader(let problem, _, _, _): "it is no text: \(problem)"
        default: "it is no valid YAML"
        }
    }
}

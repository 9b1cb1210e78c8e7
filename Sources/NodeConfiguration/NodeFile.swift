package import NodeInterface
package import PrivateTorrent
import TorrentEngine

/// One configuration file and the environment at one moment, for a program that reads a section of its own beside the
/// torrent options: everything comes from the same bytes, and says where it came from.
package struct NodeFile: Sendable {
    /// Where the value of a key stands.
    package enum Origin: Sendable, Hashable {
        /// In an environment variable.
        case environment(variable: String)
        /// In the file; in a line of it, counted from 1, where the format tells (YAML).
        case file(line: Int?)
    }

    /// The torrent options, and what is wrong with them and worth a look.
    package struct TorrentReading: Sendable {
        package var options: TorrentBackendOptions
        package var problems: [BackendError]
        package var warnings: [String]
    }

    /// The file's path.
    package let path: String
    /// What is in the file.
    package let file: NodeFileSnapshot
    private let environment: any TreeSnapshot
    private let lines: [[String]: Int]

    /// Blocks while the file is read.
    ///
    /// - Parameter environment: The variables; nil takes the process's own.
    /// - Throws: `.invalidOptions` for a file that is not there, cannot be read or is no JSON or YAML.
    package init(path: String, environment: [String: String]? = nil) throws(BackendError) {
        guard let format = NodeFileSnapshot.Format(path: path) else {
            throw BackendError(
                .invalidOptions, "read \(path)", reason: "it is neither JSON nor YAML by its name",
                remedy: "name it .json, .yaml or .yml")
        }
        self.path = path
        do {
            let bytes = try readSmallFile(path, limit: 1 << 20, operation: "read \(path)")
            file = try NodeFileSnapshot(
                data: bytes.span.bytes, providerName: path, parsingOptions: .init(format: format))
            lines = format == .yaml ? YAMLLines.find(in: bytes) : [:]
        } catch {
            throw BackendError(.invalidOptions, "read \(path)", reason: FileMistake.words(for: error))
        }
        let provider =
            environment.map { NodeEnvironmentProvider(environment: $0) } ?? NodeEnvironmentProvider()
        self.environment = provider.tree
    }

    /// Reads the torrent options: of the environment first.
    package func torrentOptions() -> TorrentReading {
        var binder = OptionsBinder([environment, file])
        let options = binder.read()
        return TorrentReading(
            options: options, problems: binder.problems,
            warnings: [environment, file].flatMap { UnknownKeys.warnings(in: $0) })
    }

    /// The line of a key, counted from 1, where the format tells (YAML) and the key is there.
    package func line(of key: [String]) -> Int? { lines[key] }

    /// What stands for a key and where, by people's eyes: a text as it is, a list with commas. Nil where nothing does.
    ///
    /// - Parameter inEnvironment: Whether the key is looked for there, and first.
    package func value(at key: [String], inEnvironment: Bool) -> (text: String, origin: Origin)? {
        if inEnvironment, let node = environment.tree.node(at: key, ignoringCase: true), node != .null {
            return (node.words, .environment(variable: environment.spell(key)))
        }
        guard let node = file.tree.node(at: key, ignoringCase: false), node != .null else { return nil }
        return (node.words, .file(line: lines[key]))
    }
}

extension ConfigurationTree {
    /// For people.
    fileprivate var words: String {
        switch self {
        case .null: ""
        case .text(let text): text
        case .list(let elements): elements.map(\.words).joined(separator: ", ")
        case .section(let children):
            elements?.map(\.words).joined(separator: ", ") ?? (children.isEmpty ? "{}" : "a section")
        }
    }
}

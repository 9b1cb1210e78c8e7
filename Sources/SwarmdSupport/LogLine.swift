package import Logging
package import NodeInterface

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// A line of `swarmd`'s log.
package struct LogLine: Encodable, Sendable {
    private let time: UnixTime
    private let level: String
    private let label: String
    private let message: String
    /// Absent where there is none.
    private let metadata: [String: LogField]?
    private let words: String

    private enum CodingKeys: String, CodingKey {
        case time, level, label, message, metadata
    }

    /// Makes one; `isRedacted` takes out what ``Redaction`` does.
    package init(
        _ level: Logger.Level, _ label: String, _ message: String, _ metadata: Logger.Metadata = [:],
        time: UnixTime, isRedacted: Bool
    ) {
        let change: (String) -> String = isRedacted ? { Redaction.redacted($0) } : { $0 }
        (self.time, self.level, self.label, self.message) = (time, level.rawValue, label, change(message))
        self.metadata =
            metadata.isEmpty ? nil : metadata.mapValues { LogField($0).mapped(change) }
        words = change(metadata.words)
    }

    /// The message and what stands beside it: `message key=value`.
    package var text: String { message + words }

    /// For people.
    package var human: String { Self.oneLine("\(level): \(text)") }

    /// For machines.
    package var json: String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return (try? encoder.encode(self)).map { String(decoding: $0, as: UTF8.self) } ?? ""
    }

    /// Names of files and peers' words cannot forge a line or a terminal's sequence.
    private static func oneLine(_ text: String) -> String {
        var out = String.UnicodeScalarView()
        for scalar in text.unicodeScalars {
            switch scalar.properties.generalCategory {
            case .control, .format, .lineSeparator, .paragraphSeparator, .surrogate:
                out.append(contentsOf: "\\u{\(String(scalar.value, radix: 16))}".unicodeScalars)
            default: out.append(scalar)
            }
        }
        return String(out)
    }
}

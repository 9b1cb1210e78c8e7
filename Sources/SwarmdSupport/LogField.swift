package import Logging

/// What stands beside the message of a line of a log, as JSON has it.
package enum LogField: Encodable, Sendable, Hashable {
    case text(String)
    case list([LogField])
    case object([String: LogField])

    /// Makes one of swift-log's.
    package init(_ value: Logger.MetadataValue) {
        self =
            switch value {
            case .array(let values): .list(values.map(LogField.init))
            case .dictionary(let values): .object(values.mapValues(LogField.init))
            default: .text("\(value)")
            }
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        switch self {
        case .text(let text): try container.encode(text)
        case .list(let fields): try container.encode(fields)
        case .object(let fields): try container.encode(fields)
        }
    }

    /// The same with every text changed.
    func mapped(_ change: (String) -> String) -> LogField {
        switch self {
        case .text(let text): .text(change(text))
        case .list(let fields): .list(fields.map { $0.mapped(change) })
        case .object(let fields): .object(fields.mapValues { $0.mapped(change) })
        }
    }
}

extension Logger.Metadata {
    /// The logger's own with an event's, which counts where both have one; and its error.
    package func with(_ event: LogEvent) -> Logger.Metadata {
        var out: Logger.Metadata = event.error.map { ["error": "\($0)"] } ?? [:]
        out.merge(self) { $1 }
        out.merge(event.metadata ?? [:]) { $1 }
        return out
    }

    /// ` key=value` for each, by key; nothing where there is none.
    package var words: String {
        sorted { $0.key < $1.key }.map { " \($0.key)=\($0.value)" }.joined()
    }
}

/// A metric that the package records through swift-metrics: what an exporter, a dashboard and the documentation go by.
public struct MetricDescription: Sendable, Hashable {
    /// What is measured how.
    public enum Kind: String, Sendable, Hashable {
        /// Only grows, from 0 at the start of the process.
        case counter
        /// Goes up and down.
        case gauge
        /// Durations, each recorded for itself.
        case timer
    }

    /// The label that it has in swift-metrics. By the conventions of Prometheus, but without what an exporter adds:
    /// `_total` to a counter, `_seconds` to a timer.
    public let label: String
    /// What is measured how.
    public let kind: Kind
    /// The names of its dimensions. Each has a closed, small set of values: never a peer, an address or a torrent.
    public let dimensions: [String]
    /// What it says, in one line.
    public let help: String

    /// Describes a metric.
    public init(_ label: String, _ kind: Kind, _ dimensions: [String] = [], help: String) {
        self.label = label
        self.kind = kind
        self.dimensions = dimensions
        self.help = help
    }
}

public import NodeInterface

/// The last lines of a node's log: `GET /v1/log`.
public struct LogReport: Codable, Sendable, Hashable {
    /// A line.
    public struct Record: Codable, Sendable, Hashable {
        /// Counted from 1 since the node started.
        public let number: UInt64
        /// When.
        public let time: UnixTime
        /// `trace` … `critical`.
        public let level: String
        /// Who wrote it.
        public let label: String
        /// What it says, without what says who shares what with whom. May quote names: text, never markup.
        public let message: String
    }

    /// ``ControlSchema/version``.
    public var schemaVersion = ControlSchema.version
    /// The last ones, the oldest first.
    public let records: [Record]
    /// How many older ones are not kept any more.
    public let dropped: UInt64
}

/// How far a transfer is.
///
/// JSON has the properties under their names.
public struct TransferProgress: Sendable, Hashable, Codable {
    /// What a transfer is doing.
    ///
    /// Open: a later version may add phases.
    public struct Phase: Sendable, Hashable, Codable, RawRepresentable {
        /// The stable word for the phase, as in JSON.
        public let rawValue: String

        /// Makes a phase of its word.
        public init(rawValue: String) { self.rawValue = rawValue }

        /// The info dictionary is not here yet (BEP 9): neither size nor files are known.
        public static let fetchingMetadata = Phase(rawValue: "fetchingMetadata")
        /// What is on disk already is being verified.
        public static let checking = Phase(rawValue: "checking")
        /// Pieces are being fetched.
        public static let downloading = Phase(rawValue: "downloading")
        /// Every piece is here and verified.
        public static let finished = Phase(rawValue: "finished")
    }

    /// What the transfer is doing.
    public var phase: Phase
    /// Bytes of content that are here and verified.
    public var completedBytes: UInt64
    /// Bytes of content in all; nil until the metadata is here.
    public var totalBytes: UInt64?
    /// Bytes of content received a second, at present.
    public var downloadBytesPerSecond: UInt64
    /// How many peers are connected.
    public var connectedPeers: Int

    /// Makes a report.
    public init(
        phase: Phase, completedBytes: UInt64 = 0, totalBytes: UInt64? = nil,
        downloadBytesPerSecond: UInt64 = 0,
        connectedPeers: Int = 0
    ) {
        self.phase = phase
        self.completedBytes = completedBytes
        self.totalBytes = totalBytes
        self.downloadBytesPerSecond = downloadBytesPerSecond
        self.connectedPeers = connectedPeers
    }

    /// The part that is done, 0 … 1; nil until the size is known.
    ///
    /// Content of no bytes is done.
    public var fraction: Double? {
        guard let totalBytes else { return nil }
        return totalBytes == 0 ? 1 : min(1, Double(completedBytes) / Double(totalBytes))
    }
}

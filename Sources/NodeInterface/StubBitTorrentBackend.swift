/// The backend of a node that has no BitTorrent engine: it supports nothing and says so.
///
/// Both functions throw `BackendError.Code.unsupported`, so that nobody takes an empty answer for a success.
public struct StubBitTorrentBackend: BitTorrentBackend {
    /// Makes the stub.
    public init() {}

    /// Always false.
    public var isSupported: Bool { false }

    /// Prepares nothing and throws `.unsupported`.
    public func preparePrivateTorrent(
        job: SwarmJob, variant variantID: String
    ) async throws(BackendError) -> String {
        throw Self.unsupported("prepare a private torrent")
    }

    /// Fetches nothing and throws `.unsupported`.
    public func fetch(
        infoHashOrMagnet: String, into folder: String, progress: (@Sendable (TransferProgress) -> Void)?
    ) async throws(BackendError) -> FetchedContent {
        throw Self.unsupported("fetch a torrent")
    }

    private static func unsupported(_ operation: String) -> BackendError {
        BackendError(
            .unsupported, operation, reason: "this node has no BitTorrent engine",
            remedy: "give the node a backend that has one, or choose another way of transfer")
    }
}

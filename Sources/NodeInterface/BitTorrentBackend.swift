/// The low-level BitTorrent seam of a node: prepares a private swarm for a job, and fetches from one.
public protocol BitTorrentBackend: Sendable {
    /// Whether anything can be prepared and fetched now: false for the stub, and while options have it disabled.
    var isSupported: Bool { get async }

    /// Makes one variant of a job available in a private swarm.
    ///
    /// Returns when the swarm is *ready*: the torrent is loaded and sanitised, private mode is applied, the job's
    /// peers are in, and it is started. It does not wait for a transfer. Where it throws, nothing is left running.
    ///
    /// - Parameters:
    ///   - job: The job; it says who may be in the swarm.
    ///   - variantID: The ID of one of the job's variants.
    /// - Returns: The fallback ID: the info-hash, 40 lower-case hexadecimal digits (BEP 3).
    /// - Throws: `BackendError`, such as `.unknownVariant`, `.refused`, `.noPeer`. Cancelling the task ends it with
    ///   `.cancelled`.
    func preparePrivateTorrent(
        job: SwarmJob, variant variantID: String
    ) async throws(BackendError) -> String

    /// Fetches the content of a torrent from a private swarm and returns when every piece is verified.
    ///
    /// Cancelling the task stops the torrent and removes it from the engine, and ends the call with `.cancelled`.
    ///
    /// - Parameters:
    ///   - infoHashOrMagnet: 40 hexadecimal or 32 base32 digits, or a magnet link (BEP 9).
    ///   - folder: The absolute path of the folder in which the content is put.
    ///   - progress: Called from time to time with how far it is, one call after the other, on no particular thread.
    ///     It must not block. Nil where nobody wants to know.
    /// - Returns: Where the content landed, with every file of it.
    /// - Throws: `BackendError`, such as `.malformed`, `.noPeer`, `.contentMismatch`, `.storage`.
    func fetch(
        infoHashOrMagnet: String, into folder: String, progress: (@Sendable (TransferProgress) -> Void)?
    ) async throws(BackendError) -> FetchedContent
}

extension BitTorrentBackend {
    /// Fetches without telling how far it is; else ``fetch(infoHashOrMagnet:into:progress:)``.
    public func fetch(
        infoHashOrMagnet: String, into folder: String
    ) async throws(BackendError) -> FetchedContent {
        try await fetch(infoHashOrMagnet: infoHashOrMagnet, into: folder, progress: nil)
    }
}

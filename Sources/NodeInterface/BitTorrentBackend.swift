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

    /// Where members of its swarms reach it: `10.0.0.1:6881` or `[2001:db8::1]:6881`; empty where it does not listen.
    var listenEndpoints: [String] { get async }

    /// Makes one variant of a job available for somebody in particular, who releases it again.
    ///
    /// Like ``preparePrivateTorrent(job:variant:)``, which is the same for the node itself. A job's torrent runs until
    /// the last of its holders has released it.
    ///
    /// - Parameters:
    ///   - job: The job; its sources that have an address become members of this torrent and of no other.
    ///   - variantID: The ID of one of the job's variants.
    ///   - holder: For whom; it counts once, however often it asks.
    ///   - preferredPieceSizeBytes: A wish, for a torrent that is made now; clamped to what is possible.
    func preparePrivateTorrent(
        job: SwarmJob, variant variantID: String, holder: String, preferredPieceSizeBytes: Int64?
    ) async throws(BackendError) -> String

    /// Fetches a job's file from the job's sources, and hands it over only if it is what the job says.
    ///
    /// The size is compared before any content is fetched, the hash when all is there. What does not match is deleted.
    ///
    /// - Parameters:
    ///   - infoHash: 40 hexadecimal digits.
    ///   - job: The job; its sources that have an address are the members.
    ///   - folder: The absolute path of the folder in which the content is put.
    ///   - progress: As in ``fetch(infoHashOrMagnet:into:progress:)``.
    /// - Throws: `.contentMismatch` where size or hash differ; else as ``fetch(infoHashOrMagnet:into:progress:)``.
    func fetch(
        infoHash: String, for job: SwarmJob, into folder: String,
        progress: (@Sendable (TransferProgress) -> Void)?
    ) async throws(BackendError) -> FetchedContent

    /// Releases what was prepared for a holder; the torrent is stopped and removed with the last one. Files stay.
    ///
    /// Nothing where the holder holds nothing there.
    func release(fallbackID: String, jobID: String, holder: String) async

    /// Whether a peer that was named for a holder is connected in the swarm now; nil where that is not known.
    ///
    /// What is held for a peer that is not seen any more is released before its time.
    func isInUse(fallbackID: String, jobID: String, holder: String) async -> Bool?
}

extension BitTorrentBackend {
    /// Listens nowhere.
    public var listenEndpoints: [String] { get async { [] } }

    /// Throws `.unsupported`.
    public func preparePrivateTorrent(
        job: SwarmJob, variant variantID: String, holder: String, preferredPieceSizeBytes: Int64?
    ) async throws(BackendError) -> String {
        throw noFallback("prepare variant \(variantID) of job \(job.jobID) for a peer")
    }

    /// Throws `.unsupported`.
    public func fetch(
        infoHash: String, for job: SwarmJob, into folder: String,
        progress: (@Sendable (TransferProgress) -> Void)?
    ) async throws(BackendError) -> FetchedContent {
        throw noFallback("fetch the file of job \(job.jobID)")
    }

    /// Holds nothing, so releases nothing.
    public func release(fallbackID: String, jobID: String, holder: String) async {}

    /// It is not known.
    public func isInUse(fallbackID: String, jobID: String, holder: String) async -> Bool? { nil }

    private func noFallback(_ operation: String) -> BackendError {
        BackendError(.unsupported, operation, reason: "this backend carries no fallbacks between nodes")
    }

    /// Fetches without telling how far it is; else ``fetch(infoHashOrMagnet:into:progress:)``.
    public func fetch(
        infoHashOrMagnet: String, into folder: String
    ) async throws(BackendError) -> FetchedContent {
        try await fetch(infoHashOrMagnet: infoHashOrMagnet, into: folder, progress: nil)
    }
}

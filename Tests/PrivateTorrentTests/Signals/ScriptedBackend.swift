import NodeInterface
import PrivateTorrentTesting
import TorrentEngine

/// A backend that does what the test says, and remembers what it was asked.
actor ScriptedBackend: BitTorrentBackend {
    static let hash = "00112233445566778899aabbccddeeff00112233"

    struct Preparation: Equatable {
        let jobID: String
        let variantID: String
        let sources: [SwarmSource]
        let preferredPieceSizeBytes: Int64?
    }

    private(set) var prepared: [Preparation] = []
    private(set) var fetched: [(infoHash: String, job: SwarmJob)] = []
    /// By who holds it.
    private(set) var held: [String: String] = [:]
    private(set) var mostAtOnce = 0
    private var atOnce = 0
    private var isEnabled = true
    private var failure: BackendError?
    private var isGated = false
    private var inUse: Bool?
    /// How often it was asked whether something is in use.
    private(set) var looks = 0
    private var gated: [CheckedContinuation<Void, Never>] = []
    private var arrivals: [CheckedContinuation<Void, Never>] = []

    var isSupported: Bool { isEnabled }
    var listenEndpoints: [String] { ["127.0.0.1:6881"] }
    var heldCount: Int { held.count }

    func setInUse(_ inUse: Bool) { self.inUse = inUse }

    func isInUse(fallbackID: String, jobID: String, holder: String) -> Bool? {
        looks += 1
        return inUse
    }

    func disable() { isEnabled = false }
    func fail(with code: BackendError.Code) {
        failure = BackendError(code, "do it", reason: "the test says so")
    }

    /// From now on whatever is prepared or fetched waits until it is let through, or is cancelled.
    func gate() { isGated = true }

    /// Waits until something waits at the gate.
    func waitUntilGated(_ count: Int = 1) async {
        while gated.count < count { await withCheckedContinuation { arrivals.append($0) } }
    }

    func open() {
        isGated = false
        for continuation in gated { continuation.resume() }
        gated.removeAll()
    }

    private func pass() async throws(BackendError) {
        atOnce += 1
        mostAtOnce = max(mostAtOnce, atOnce)
        defer { atOnce -= 1 }
        if isGated {
            await withTaskCancellationHandler {
                await withCheckedContinuation { continuation in
                    gated.append(continuation)
                    for arrival in arrivals { arrival.resume() }
                    arrivals.removeAll()
                }
            } onCancel: {
                Task { await self.open() }
            }
        }
        if Task.isCancelled { throw BackendError(.cancelled, "do it", reason: "the task was cancelled") }
        if let failure { throw failure }
    }

    func preparePrivateTorrent(job: SwarmJob, variant: String) async throws(BackendError) -> String {
        try await preparePrivateTorrent(job: job, variant: variant, holder: "", preferredPieceSizeBytes: nil)
    }

    func preparePrivateTorrent(
        job: SwarmJob, variant variantID: String, holder: String, preferredPieceSizeBytes: Int64?
    ) async throws(BackendError) -> String {
        prepared.append(
            Preparation(
                jobID: job.jobID, variantID: variantID, sources: job.sources,
                preferredPieceSizeBytes: preferredPieceSizeBytes))
        try await pass()
        held[holder] = job.jobID
        return Self.hash
    }

    func release(fallbackID: String, jobID: String, holder: String) {
        if held[holder] == jobID, fallbackID == Self.hash { held[holder] = nil }
    }

    func fetch(
        infoHashOrMagnet: String, into folder: String, progress: (@Sendable (TransferProgress) -> Void)?
    ) async throws(BackendError) -> FetchedContent {
        throw BackendError(.unsupported, "fetch", reason: "no test asks for it")
    }

    func fetch(
        infoHash: String, for job: SwarmJob, into folder: String,
        progress: (@Sendable (TransferProgress) -> Void)?
    ) async throws(BackendError) -> FetchedContent {
        fetched.append((infoHash, job))
        try await pass()
        return FetchedContent(infoHash: infoHash, name: "n", folder: folder, files: [])
    }
}

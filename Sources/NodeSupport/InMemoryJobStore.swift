public import NodeInterface

/// A job store in memory, bounded.
public actor InMemoryJobStore: SwarmJobStore {
    private let limit: Int
    private var jobs: [String: (job: SwarmJob, participants: Set<String>)] = [:]

    /// Makes an empty store.
    ///
    /// - Parameter limit: How many jobs it holds at most, 1 or more.
    public init(limit: Int = 10_000) { self.limit = max(1, limit) }

    /// Puts a job in; one with its ID is replaced, its participants too.
    ///
    /// - Parameters:
    ///   - job: The job.
    ///   - participants: The peers that take part, beside the job's sources.
    /// - Throws: `.malformed` for a job without an ID; `.limitExceeded` where the store is full.
    public func put(_ job: SwarmJob, participants: some Sequence<String> = []) throws(BackendError) {
        guard !job.jobID.isEmpty else {
            throw BackendError(.malformed, "store a job", reason: "it has no ID")
        }
        guard jobs[job.jobID] != nil || jobs.count < limit else {
            throw BackendError(
                .limitExceeded, "store job \(job.jobID)", reason: "the store holds \(limit) jobs already",
                remedy: "remove some, or make it larger")
        }
        jobs[job.jobID] = (job, Set(participants).union(job.sources.map(\.peerID)))
    }

    /// Takes a job out; nothing where it is not there.
    public func remove(jobID: String) { jobs[jobID] = nil }

    /// The job with that ID.
    public func job(id: String) -> SwarmJob? { jobs[id]?.job }

    /// Whether the peer is one of the job's sources or of the participants that it was put in with.
    public func isParticipant(_ peerID: String, inJob jobID: String) -> Bool {
        jobs[jobID]?.participants.contains(peerID) ?? false
    }
}

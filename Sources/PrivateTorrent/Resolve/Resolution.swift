public import NodeInterface

/// What became of a plan.
public struct Resolution: Sendable, Hashable {
    /// Every step of the plan, in its order.
    public var steps: [StepReport]
    /// The file; nil where no step had it.
    public var file: ResolvedFile?
}

/// The file that a plan led to.
public struct ResolvedFile: Sendable, Hashable, Codable {
    /// The absolute path.
    public var path: String
    /// The size in bytes.
    public var sizeBytes: UInt64
    /// The candidate that it came from.
    public var candidateID: String
    /// That candidate's kind of backend.
    public var backend: ContentBackendType
}

/// How far one step of a plan is, or what became of it.
public struct StepReport: Sendable, Hashable, Identifiable {
    /// What a step is doing.
    public enum State: String, Sendable, Hashable, Codable {
        /// It has not begun; at the end of a plan: it was not needed.
        case waiting
        /// Candidates are being tried.
        case running
        /// A candidate had the file.
        case succeeded
        /// Every candidate was tried, and none had it.
        case failed
        /// Its time ran out.
        case timedOut
        /// The plan was cancelled meanwhile.
        case cancelled
    }

    /// The step's ID.
    public var id: String
    /// What it is doing.
    public var state: State
    /// What became of each candidate that was tried, in the order in which they ended.
    public var attempts: [AttemptReport]
}

/// What became of one candidate.
public struct AttemptReport: Sendable, Hashable {
    /// The candidate.
    public var candidateID: String
    /// Its kind of backend.
    public var backend: ContentBackendType
    /// Why it did not have the file; nil where it had. `.cancelled` where another was faster or the time ran out.
    public var error: BackendError?
}

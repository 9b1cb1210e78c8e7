/// How fast content is read to be hashed; it can be changed while it is.
///
/// A pace may be shared: each run that has it keeps to its rate by itself. Any thread may use it.
public final class HashPace: Sendable {
    private struct State {
        var bytesPerSecond: UInt64
        var jobs: [ObjectIdentifier: HashJob] = [:]
    }

    private let state: Locked<State>

    /// Makes a pace.
    ///
    /// - Parameter bytesPerSecond: 0 for no limit; else at least 1,024 is gone at.
    public init(bytesPerSecond: UInt64 = 0) { state = Locked(State(bytesPerSecond: bytesPerSecond)) }

    /// Bytes read from the disk a second, by all threads of a run together; 0 for no limit. Holes of sparse files cost
    /// nothing. A change holds at once, also for what runs.
    public var bytesPerSecond: UInt64 {
        get { state.withLock { $0.bytesPerSecond } }
        set {
            state.withLock { state in
                state.bytesPerSecond = newValue
                for job in state.jobs.values { job.setRateLimit(newValue) }
            }
        }
    }

    /// Runs `body` with the job kept to this pace.
    func keep<Value>(_ job: HashJob, while body: () throws(EngineError) -> Value) throws(EngineError) -> Value
    {
        state.withLock { state in
            state.jobs[ObjectIdentifier(job)] = job
            job.setRateLimit(state.bytesPerSecond)
        }
        defer { state.withLock { $0.jobs[ObjectIdentifier(job)] = nil } }
        return try body()
    }
}

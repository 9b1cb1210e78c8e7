import Synchronization
import TorrentEngine

#if canImport(Glibc)
    import Glibc
#endif

/// A thread that repeats a turn until it is stopped, and then lets go of all that the turn holds.
///
/// A turn may block, for at most some 20 ms: that is how long the thread may outlive `stop()`.
final class LoopThread: Sendable {
    private final class Work: Sendable {
        let isStopped = Atomic<Bool>(false)
        let turn: @Sendable () -> Void
        init(_ turn: @escaping @Sendable () -> Void) { self.turn = turn }
    }

    private let work: Work

    init(_ turn: @escaping @Sendable () -> Void) throws(EngineError) {
        let work = Work(turn)
        self.work = work
        try startThread { while !work.isStopped.load(ordering: .acquiring) { work.turn() } }
    }

    deinit { stop() }

    func stop() { work.isStopped.store(true, ordering: .releasing) }
}

/// Runs work that blocks in socket calls on a thread of its own, never on the cooperative pool.
func onThread<Value: Sendable>(
    _ body: @escaping @Sendable () throws(EngineError) -> Value
) async throws(EngineError) -> Value {
    try await onThreadResult(body).get()
}

/// The same, for where an error is an outcome too.
func onThreadResult<Value: Sendable>(
    _ body: @escaping @Sendable () throws(EngineError) -> Value
) async -> Result<Value, EngineError> {
    await withCheckedContinuation { continuation in
        do throws(EngineError) {
            try startThread {
                continuation.resume(returning: Result { () throws(EngineError) in try body() })
            }
        } catch {
            continuation.resume(returning: .failure(error))
        }
    }
}

private final class ThreadBody: Sendable {
    let run: @Sendable () -> Void
    init(_ run: @escaping @Sendable () -> Void) { self.run = run }
}

private func startThread(_ body: @escaping @Sendable () -> Void) throws(EngineError) {
    let box = Unmanaged.passRetained(ThreadBody(body))
    var thread = pthread_t()
    let result = pthread_create(
        &thread, nil,
        { context in
            guard let context else { return nil }
            Unmanaged<ThreadBody>.fromOpaque(context).takeRetainedValue().run()
            return nil
        }, box.toOpaque())
    guard result == 0 else {
        box.release()
        throw EngineError(
            .outOfMemory, "start a thread", reason: String(cString: strerror(result)), systemErrno: result)
    }
    pthread_detach(thread)
}

/// Raised once, from any thread.
final class OnceFlag: Sendable {
    private let value = Atomic<Bool>(false)
    var isRaised: Bool { value.load(ordering: .acquiring) }
    func raise() { value.store(true, ordering: .releasing) }
}

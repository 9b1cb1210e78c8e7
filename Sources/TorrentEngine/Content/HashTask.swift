#if canImport(Glibc)
    import Glibc
#endif

/// Blocking work on a thread of its own that a task waits for, with cancellation and progress.
final class HashTask: Sendable {
    private struct State {
        var isCancelled = false
        var job: HashJob?
    }

    private let state = Locked(State())

    /// Called by the work: from now on, cancellation and progress are those of `job`.
    func attach(_ job: HashJob) {
        let isCancelled = state.withLock { state in
            state.job = job
            return state.isCancelled
        }
        if isCancelled { job.cancel() }
    }

    /// Called by the work, now and then.
    func checkCancellation(_ operation: String) throws(EngineError) {
        guard state.withLock({ $0.isCancelled }) else { return }
        throw EngineError(.cancelled, operation, reason: "the task was cancelled")
    }

    private func cancel() {
        let job = state.withLock { state in
            state.isCancelled = true
            return state.job
        }
        job?.cancel()
    }

    private var progress: HashProgress? { state.withLock { $0.job }?.progress }

    /// Runs `work` on a new thread.
    ///
    /// - Parameter report: Called about ten times a second, and once at the end.
    static func run<Value: Sendable>(
        _ operation: String, report: (@Sendable (HashProgress) -> Void)?,
        work: @escaping @Sendable (HashTask) throws(EngineError) -> Value
    ) async throws(EngineError) -> Value {
        let task = HashTask()
        let ticker = report.map { report in
            Task {
                while !Task.isCancelled {
                    if let progress = task.progress { report(progress) }
                    try? await Task.sleep(for: .milliseconds(100))
                }
            }
        }
        let result = await withTaskCancellationHandler {
            await withCheckedContinuation {
                (continuation: CheckedContinuation<Result<Value, EngineError>, Never>) in
                let started = startThread {
                    do throws(EngineError) {
                        continuation.resume(returning: .success(try work(task)))
                    } catch {
                        continuation.resume(returning: .failure(error))
                    }
                }
                guard let failure = started else { return }
                continuation.resume(
                    returning: .failure(
                        EngineError(
                            .outOfMemory, operation, reason: "no thread could be started",
                            systemErrno: failure)))
            }
        } onCancel: {
            task.cancel()
        }
        if let ticker {
            ticker.cancel()
            await ticker.value
        }
        let value = try result.get()
        if let progress = task.progress { report?(progress) }
        return value
    }
}

/// Runs `body` on a new detached thread; the errno where none could be started, and then `body` never runs.
private func startThread(_ body: @escaping @Sendable () -> Void) -> Int32? {
    final class Box: Sendable {
        let body: @Sendable () -> Void
        init(_ body: @escaping @Sendable () -> Void) { self.body = body }
    }
    let box = Unmanaged.passRetained(Box(body))
    var thread = pthread_t()
    let code = pthread_create(
        &thread, nil,
        { argument in
            guard let argument else { return nil }
            Unmanaged<Box>.fromOpaque(argument).takeRetainedValue().body()
            return nil
        }, box.toOpaque())
    guard code == 0 else {
        box.release()
        return code
    }
    pthread_detach(thread)
    return nil
}

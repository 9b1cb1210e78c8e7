import CLibtorrent

#if canImport(Glibc)
    import Glibc
#endif

/// The one thread of an `Engine`: runs the actor's jobs, every blocking call of the shim among them, and drains the
/// shim's events between them. Nothing of the engine ever blocks the cooperative pool.
///
/// The thread lives until `finish(_:)`, and runs the jobs that are waiting by then.
final class EngineThread: SerialExecutor {
    private struct State {
        var jobs: [UnownedJob] = []
        var eventDescriptor: Int32 = -1
        var onEvents: (@Sendable () -> Void)?
        var last: (@Sendable () -> Void)?
        var isFinishing = false
    }

    private let state = Locked(State())
    /// A pipe: [0] is readable while something waits.
    private let wakePipe: [Int32]
    private let identity = Locked<pthread_t?>(nil)

    init() throws(EngineError) {
        var pipe: [Int32] = [-1, -1]
        let made = Glibc.pipe(&pipe)
        wakePipe = pipe
        guard made == 0 else {
            throw EngineError(
                .inputOutput, "start an engine", reason: "pipe: \(String(cString: strerror(errno)))",
                remedy: "raise the limit of open files", systemErrno: errno)
        }
        for descriptor in pipe {
            _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
            _ = fcntl(descriptor, F_SETFL, O_NONBLOCK)
        }
        var thread = pthread_t()
        let result = pthread_create(
            &thread, nil,
            { context in
                guard let context else { return nil }
                Unmanaged<EngineThread>.fromOpaque(context).takeRetainedValue().loop()
                return nil
            }, Unmanaged.passRetained(self).toOpaque())
        guard result == 0 else {
            Unmanaged.passUnretained(self).release()
            throw EngineError(
                .outOfMemory, "start an engine", reason: "no thread: \(String(cString: strerror(result)))",
                systemErrno: result)
        }
        identity.withLock { $0 = thread }
        pthread_detach(thread)
    }

    deinit { for descriptor in wakePipe where descriptor >= 0 { close(descriptor) } }

    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        state.withLock { $0.jobs.append(job) }
        wake()
    }

    func isIsolatingCurrentContext() -> Bool? {
        identity.withLock { $0.map { pthread_equal($0, pthread_self()) != 0 } } ?? false
    }

    func checkIsolated() {
        precondition(isIsolatingCurrentContext() == true, "not on the engine's thread")
    }

    /// From now on `onEvents` runs on this thread whenever `descriptor` is readable. -1 ends that.
    func watch(_ descriptor: Int32, onEvents: (@Sendable () -> Void)?) {
        state.withLock {
            $0.eventDescriptor = descriptor
            $0.onEvents = onEvents
        }
        wake()
    }

    /// Ends the thread once the waiting jobs have run; `last` runs at its very end.
    func finish(_ last: @escaping @Sendable () -> Void) {
        state.withLock {
            $0.isFinishing = true
            $0.last = last
        }
        wake()
    }

    private func wake() {
        var one: UInt8 = 1
        // It fails only when the pipe is full, and then the thread is awake anyway.
        _ = write(wakePipe[1], &one, 1)
    }

    private func loop() {
        while true {
            let (jobs, eventDescriptor, onEvents, isFinishing) = state.withLock { state in
                defer { state.jobs.removeAll() }
                return (state.jobs, state.eventDescriptor, state.onEvents, state.isFinishing)
            }
            for job in jobs { job.runSynchronously(on: asUnownedSerialExecutor()) }
            if jobs.isEmpty, isFinishing { break }

            // poll ignores a negative descriptor. A steady stream of jobs must not keep the events waiting.
            var descriptors = [
                pollfd(fd: wakePipe[0], events: Int16(POLLIN), revents: 0),
                pollfd(fd: eventDescriptor, events: Int16(POLLIN), revents: 0),
            ]
            guard poll(&descriptors, nfds_t(descriptors.count), jobs.isEmpty ? -1 : 0) > 0 else { continue }
            if descriptors[0].revents != 0 {
                var bytes = [UInt8](repeating: 0, count: 256)
                while read(wakePipe[0], &bytes, bytes.count) == bytes.count {}
            }
            if descriptors[1].revents != 0 { onEvents?() }
        }
        state.withLock { state in
            defer { state.last = nil }
            return state.last
        }?()
    }
}

import SwarmdSupport
import TorrentEngine

#if canImport(Glibc)
    import Glibc
#endif

/// The signals that end or alarm the process: taken by the main thread, never by a handler.
final class Signals: Sendable {
    private struct State {
        var received: Int32?
        var interruptIsNormalEnd = false
        var hangup: AsyncStream<Void>.Continuation?
    }

    /// How long an orderly end may take before it is cut short.
    private static let grace: Duration = .milliseconds(4800)

    private let state = Locked(State())
    private let ignoresHangup: Bool

    /// Call on the main thread before any other thread exists: threads inherit what is blocked.
    init() {
        signal(SIGPIPE, SIG_IGN)  // a reader that has gone is an error of `write`
        var old = sigaction()
        sigaction(SIGHUP, nil, &old)
        ignoresHangup = old.__sigaction_handler.sa_handler.map { _ in true } ?? false
        // A shell's background job may have inherited "ignore"; it is told to end by these all the same.
        for number in [SIGINT, SIGTERM, SIGHUP] { signal(number, SIG_DFL) }
        var set = Self.set
        pthread_sigmask(SIG_BLOCK, &set, nil)
    }

    private static var set: sigset_t {
        var set = sigset_t()
        sigemptyset(&set)
        for number in [SIGINT, SIGTERM, SIGHUP] { sigaddset(&set, number) }
        return set
    }

    /// The signal that asked for the end, where one did.
    var received: Int32? { state.withLock { $0.received } }

    /// Says that the running command is meant to be ended by a signal.
    func interruptIsNormalEnd() { state.withLock { $0.interruptIsNormalEnd = true } }

    /// The exit status of an end that the signal asked for.
    func statusOfEnd(_ number: Int32) -> ExitStatus {
        state.withLock { $0.interruptIsNormalEnd } ? .success : ExitStatus(code: 128 + number)
    }

    /// Hang-ups from now on, for one who re-reads its configuration then. Until it ends, a hang-up ends nothing.
    func hangups() -> AsyncStream<Void> {
        let (stream, continuation) = AsyncStream.makeStream(
            of: Void.self, bufferingPolicy: .bufferingNewest(1))
        state.withLock { $0.hangup = continuation }
        return stream
    }

    /// Blocks for good: the first signal cancels `task`, the second ends the process at once.
    func wait(cancelling task: Task<Void, Never>) -> Never {
        while true {
            var set = Self.set
            var number: Int32 = 0
            guard sigwait(&set, &number) == 0 else { continue }
            if number == SIGHUP, take(hangup: ()) { continue }
            let isFirst = state.withLock { state in
                defer { if state.received == nil { state.received = number } }
                return state.received == nil
            }
            guard isFirst else { _exit(128 + number) }
            task.cancel()
            endWithin(Self.grace, number)
        }
    }

    /// Whether the hang-up was meant as a reason to re-read, or is not to end us.
    private func take(hangup: Void) -> Bool {
        guard let continuation = state.withLock({ $0.hangup }) else { return ignoresHangup }
        continuation.yield()
        return true
    }

    /// Leaves the command `limit` to end by itself; a second signal, or the time's end, ends the process. On this
    /// thread, since the pool may be what hangs.
    private func endWithin(_ limit: Duration, _ number: Int32) -> Never {
        if let next = waitForSignal(of: Self.set, ignoring: SIGHUP, within: limit) { _exit(128 + next) }
        _exit(statusOfEnd(number).code)
    }
}

import SwarmdSupport

#if canImport(Glibc)
    import Glibc
#endif

/// The signals that reload and end the node: taken by the main thread, never by a handler.
final class DaemonSignals: Sendable {
    enum Wish: Sendable {
        case reload, stop
    }

    let wishes: AsyncStream<Wish>
    private let continuation: AsyncStream<Wish>.Continuation

    /// Call on the main thread before any other thread exists: threads inherit what is blocked.
    init() {
        (wishes, continuation) = AsyncStream.makeStream()
        signal(SIGPIPE, SIG_IGN)
        var set = Self.set
        pthread_sigmask(SIG_BLOCK, &set, nil)
    }

    private static var set: sigset_t {
        var set = sigset_t()
        sigemptyset(&set)
        for number in [SIGINT, SIGTERM, SIGHUP] { sigaddset(&set, number) }
        return set
    }

    /// Blocks for good. After the first signal to stop the process ends within `limit`, and at a second one at once: on
    /// this thread, since the pool may be what hangs.
    func serve(within limit: Duration) -> Never {
        while true {
            var set = Self.set
            switch sigwaitinfo(&set, nil) {
            case SIGHUP: continuation.yield(.reload)
            case SIGINT, SIGTERM:
                continuation.yield(.stop)
                if let second = waitForSignal(of: Self.set, ignoring: SIGHUP, within: limit) {
                    _exit(128 + second)
                }
                _exit(1)
            default: continue
            }
        }
    }
}

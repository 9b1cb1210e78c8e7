#if canImport(Glibc)
    package import Glibc
#endif

/// Waits for one of the signals, which are blocked; blocks the thread, since the pool may be what hangs.
///
/// - Parameter ignored: One of them that does not count.
/// - Returns: Its number; nil once the time is over.
package func waitForSignal(of signals: sigset_t, ignoring ignored: Int32, within limit: Duration) -> Int32? {
    let deadline = ContinuousClock.now + limit
    while true {
        let left = deadline - .now
        guard left > .zero else { return nil }
        let (seconds, attoseconds) = left.components
        var time = timespec(tv_sec: Int(seconds), tv_nsec: Int(attoseconds / 1_000_000_000))
        var signals = signals
        let number = sigtimedwait(&signals, nil, &time)
        if number > 0, number != ignored { return number }
    }
}

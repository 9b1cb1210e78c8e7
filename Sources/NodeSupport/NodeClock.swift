public import NodeInterface

#if canImport(Glibc)
    import Glibc
#endif

/// The two clocks that a node goes by: one that only runs forward, for limits of time, and the wall clock, which is
/// what signals carry.
public struct NodeClock: Sendable {
    /// Measures how long things take, and wakes who waits.
    public let clock: any Clock<Duration>
    private let wall: @Sendable () -> UnixTime
    private let elapsed: @Sendable () -> Duration

    /// Makes a pair of clocks.
    ///
    /// - Parameters:
    ///   - clock: Runs forward only.
    ///   - wall: The wall clock's time.
    public init(_ clock: any Clock<Duration>, wall: @escaping @Sendable () -> UnixTime) {
        self.clock = clock
        self.wall = wall
        elapsed = Self.stopwatch(clock)
    }

    /// The system's clocks.
    public static let system = NodeClock(ContinuousClock()) { systemTime() }

    /// The wall clock's time.
    public var now: UnixTime { wall() }

    /// How long ago this value was made; never runs backward.
    public var uptime: Duration { elapsed() }

    /// Waits; throws `CancellationError` where the task is cancelled.
    public func sleep(for duration: Duration) async throws { try await clock.sleep(for: duration) }

    private static func stopwatch<C: Clock<Duration>>(_ clock: C) -> @Sendable () -> Duration {
        let start = clock.now
        return { start.duration(to: clock.now) }
    }

    private static func systemTime() -> UnixTime {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return UnixTime(milliseconds: Int64(time.tv_sec) * 1000 + Int64(time.tv_nsec) / 1_000_000)
    }
}

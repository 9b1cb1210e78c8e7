public import NodeInterface

/// A work budget that starts full and, where it is told to, fills up again with time.
public actor InMemoryWorkBudget: WorkBudget {
    private let clock: NodeClock
    private var bucket: TokenBucket

    /// Makes a full budget.
    ///
    /// - Parameters:
    ///   - units: How many it holds at most, 0 or more.
    ///   - refillPerSecond: Units that come back a second; 0 for none.
    public init(units: Int, refillPerSecond: Double = 0, clock: NodeClock = .system) {
        self.clock = clock
        bucket = TokenBucket(capacity: units, perSecond: refillPerSecond, at: clock.uptime)
    }

    /// Whole units that are there.
    public var remaining: Int { bucket.available(at: clock.uptime) }

    /// Takes units, all or none; a negative number is refused.
    public func trySpend(_ units: Int) -> Bool { bucket.take(units, at: clock.uptime) }
}

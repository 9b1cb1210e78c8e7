/// Lets so much through at once, and then so much a second.
struct TokenBucket: Sendable {
    private let capacity: Double
    private let perSecond: Double
    private var level: Double
    private var filledAt: Duration

    init(capacity: Int, perSecond: Double, at uptime: Duration) {
        self.capacity = Double(max(0, capacity))
        self.perSecond = max(0, perSecond)
        level = self.capacity
        filledAt = uptime
    }

    mutating func take(_ tokens: Int = 1, at uptime: Duration) -> Bool {
        let elapsed = max(0, (uptime - filledAt) / .seconds(1))
        level = min(capacity, level + elapsed * perSecond)
        filledAt = max(filledAt, uptime)
        guard tokens >= 0, level >= Double(tokens) else { return false }
        level -= Double(tokens)
        return true
    }

    /// Whole tokens that are there.
    func available(at uptime: Duration) -> Int {
        var copy = self
        _ = copy.take(0, at: uptime)
        return Int(copy.level)
    }
}

/// The last so many values that were used (LRU): one more, and the one that was used longest ago goes.
struct RecentSet<Value: Hashable & Sendable>: Sendable {
    private let capacity: Int
    private var usedAt: [Value: UInt64] = [:]
    /// In order of use. An entry whose number is not the value's present one is stale.
    private var order: [(value: Value, use: UInt64)] = []
    private var oldest = 0
    private var uses: UInt64 = 0

    init(capacity: Int) { self.capacity = max(1, capacity) }

    var count: Int { usedAt.count }

    /// Notes a use; false where the value was there already.
    mutating func insert(_ value: Value) -> Bool {
        uses += 1
        let isNew = usedAt.updateValue(uses, forKey: value) == nil
        order.append((value, uses))
        while usedAt.count > capacity { forgetOldest() }
        if order.count > 2 * capacity + 16 { compact() }
        return isNew
    }

    func contains(_ value: Value) -> Bool { usedAt[value] != nil }

    /// The value that goes next.
    var leastRecent: Value? {
        order[oldest...].first { usedAt[$0.value] == $0.use }?.value
    }

    private mutating func forgetOldest() {
        while oldest < order.count {
            let entry = order[oldest]
            oldest += 1
            if usedAt[entry.value] == entry.use {
                usedAt[entry.value] = nil
                return
            }
        }
    }

    private mutating func compact() {
        order = order[oldest...].filter { usedAt[$0.value] == $0.use }
        oldest = 0
    }
}

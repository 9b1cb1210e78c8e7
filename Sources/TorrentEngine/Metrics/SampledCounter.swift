package import Metrics

/// A counter in swift-metrics for a total that is kept elsewhere, and looked at now and then.
package struct SampledCounter: Sendable {
    private let counter: Counter
    private var seen: UInt64 = 0

    package init(_ counter: Counter) { self.counter = counter }

    /// What was added to the total since it was last looked at is recorded.
    package mutating func record(total: UInt64) {
        guard total > seen else { return }
        counter.increment(by: Int64(clamping: total - seen))
        seen = total
    }
}

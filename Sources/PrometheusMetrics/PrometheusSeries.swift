import CoreMetrics
import TorrentEngine

/// One series of a metric.
protocol PrometheusSeries: AnyObject, Sendable {
    func write(_ name: String, _ labels: String, to out: inout String)
}

/// What Prometheus calls a metric; timers and recorders, both histograms, differ in their names.
enum PrometheusKind: Sendable {
    case counter, gauge, histogram, timer

    var word: String {
        switch self {
        case .counter: "counter"
        case .gauge: "gauge"
        case .histogram, .timer: "histogram"
        }
    }
}

/// Only grows.
final class PrometheusCounter: PrometheusSeries, CounterHandler, FloatingPointCounterHandler {
    /// Whole numbers stay exact for as long as they can.
    private let value = Locked((whole: Int64(0), rest: 0.0))

    func increment(by amount: Int64) {
        guard amount > 0 else { return }
        value.withLock { value in
            let (sum, isOver) = value.whole.addingReportingOverflow(amount)
            value.whole = isOver ? .max : sum
        }
    }

    func increment(by amount: Double) {
        guard amount > 0, amount.isFinite else { return }
        value.withLock { $0.rest += amount }
    }

    func reset() { value.withLock { $0 = (0, 0) } }

    func write(_ name: String, _ labels: String, to out: inout String) {
        let (whole, rest) = value.withLock { $0 }
        let text = rest == 0 ? "\(whole)" : PrometheusText.number(Double(whole) + rest)
        out += "\(name)\(labels) \(text)\n"
    }
}

/// Goes up and down.
final class PrometheusGauge: PrometheusSeries, MeterHandler, RecorderHandler {
    private let value = Locked(0.0)

    func set(_ new: Int64) { set(Double(new)) }
    func set(_ new: Double) { value.withLock { $0 = new } }
    func increment(by amount: Double) { value.withLock { $0 += amount } }
    func decrement(by amount: Double) { value.withLock { $0 -= amount } }
    func record(_ new: Int64) { set(Double(new)) }
    func record(_ new: Double) { set(new) }

    func write(_ name: String, _ labels: String, to out: inout String) {
        out += "\(name)\(labels) \(PrometheusText.number(value.withLock { $0 }))\n"
    }
}

/// Counts what was recorded, by size.
struct PrometheusBuckets: Sendable {
    private let bounds: [Double]
    /// One more than there are bounds.
    private var counts: [UInt64]
    private var sum = 0.0

    init(_ bounds: [Double]) {
        self.bounds = bounds
        counts = Array(repeating: 0, count: bounds.count + 1)
    }

    mutating func record(_ value: Double) {
        guard !value.isNaN else { return }
        counts[bounds.firstIndex { value <= $0 } ?? bounds.count] += 1
        sum += value
    }

    func write(_ name: String, _ labels: String, to out: inout String) {
        var total: UInt64 = 0
        let start = labels.isEmpty ? "{" : "\(labels.dropLast()),"
        for (index, count) in counts.enumerated() {
            total += count
            let bound = index < bounds.count ? PrometheusText.number(bounds[index]) : "+Inf"
            out += "\(name)_bucket\(start)le=\"\(bound)\"} \(total)\n"
        }
        out += "\(name)_sum\(labels) \(PrometheusText.number(sum))\n\(name)_count\(labels) \(total)\n"
    }
}

/// Durations, in seconds, or what else is recorded one by one.
final class PrometheusHistogram: PrometheusSeries, RecorderHandler, TimerHandler {
    private let buckets: Locked<PrometheusBuckets>

    init(_ bounds: [Double]) { buckets = Locked(PrometheusBuckets(bounds)) }

    func recordNanoseconds(_ duration: Int64) { record(Double(max(0, duration)) / 1e9) }
    func record(_ value: Int64) { record(Double(value)) }
    func record(_ value: Double) { buckets.withLock { $0.record(value) } }

    func write(_ name: String, _ labels: String, to out: inout String) {
        buckets.withLock { $0 }.write(name, labels, to: &out)
    }
}

public import CoreMetrics
public import TorrentEngine

/// Keeps what is recorded through swift-metrics, and writes it down for Prometheus (text format 0.0.4).
///
/// Bootstrap it (`MetricsSystem.bootstrap(registry)`), give it to what records, and serve ``exposition()`` as
/// ``contentType``. Labels and dimensions become names that Prometheus takes; counters end in `_total`, timers in
/// `_seconds`, and are histograms. Safe from any thread.
///
/// Memory is bounded: a metric has at most so many series, and what comes on top counts in one whose dimensions are all
/// `other`. `metrics_refused_series_total` says how often.
public final class PrometheusRegistry: Sendable {
    /// The content type of ``exposition()``.
    public static let contentType = "text/plain; version=0.0.4; charset=utf-8"

    /// Upper bounds in seconds of the buckets of a timer, but for the last, which has none.
    public static let timerBuckets: [Double] = [
        0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60,
    ]
    /// Upper bounds of the buckets of a recorder that aggregates: no unit is known.
    private static let recorderBuckets: [Double] = (-3...9).flatMap { [power($0), 5 * power($0)] }

    /// What is known of a metric by its name.
    private struct Family {
        let kind: PrometheusKind
        let help: String
        /// By their labels as they are written.
        var series: [String: any PrometheusSeries] = [:]
        /// The labels of the one for what is over the limit, once there is any.
        var overflow: String?
    }

    private struct State {
        var families: [String: Family] = [:]
        var overLimit: Int64 = 0
        var conflicts: Int64 = 0
    }

    private let help: [String: String]
    private let seriesLimit: Int
    private let state = Locked(State())

    /// Makes a registry.
    ///
    /// - Parameters:
    ///   - descriptions: Metrics whose meaning is known, for the `HELP` lines.
    ///   - seriesLimit: How many series a metric may have, 1 or more, before `other`.
    public init(describing descriptions: [MetricDescription] = [], seriesLimit: Int = 512) {
        help = Dictionary(
            descriptions.map { ($0.prometheusName, $0.help) }, uniquingKeysWith: { first, _ in first })
        self.seriesLimit = max(1, seriesLimit)
    }

    /// Everything that was recorded, sorted by name and labels.
    public func exposition() -> String {
        let (families, overLimit, conflicts) = state.withLock { ($0.families, $0.overLimit, $0.conflicts) }
        var out = ""
        for (name, family) in families.sorted(by: { $0.key < $1.key }) {
            out += PrometheusText.head(name, family.kind, family.help)
            for (labels, one) in family.series.sorted(by: { $0.key < $1.key }) {
                one.write(name, labels, to: &out)
            }
        }
        guard overLimit > 0 || conflicts > 0 else { return out }
        let name = "metrics_refused_series_total"
        out += PrometheusText.head(
            name, .counter,
            "Series that were not made: over the limit of their metric, or of another kind than it.")
        out += "\(name){reason=\"kind\"} \(conflicts)\n\(name){reason=\"limit\"} \(overLimit)\n"
        return out
    }

    private static func power(_ exponent: Int) -> Double {
        exponent == 0 ? 1 : exponent > 0 ? 10 * power(exponent - 1) : power(exponent + 1) / 10
    }

    /// The series with that name and these dimensions; one that nobody sees, where the name belongs to another kind.
    private func series<Series: PrometheusSeries>(
        _ kind: PrometheusKind, _ label: String, _ dimensions: [(String, String)], _ make: () -> Series
    ) -> Series {
        let name = PrometheusText.name(label, kind)
        let labels = PrometheusText.labels(dimensions, of: kind)
        let text = PrometheusText.written(labels)
        let fresh = make()
        return state.withLock { state in
            // Prometheus wants help of every metric, and what others record brings none.
            let described = help[name] ?? "Recorded through swift-metrics as \(label)."
            var family = state.families[name] ?? Family(kind: kind, help: described)
            guard family.kind == kind else {
                state.conflicts += 1
                return fresh
            }
            if let known = family.series[text] as? Series { return known }
            defer { state.families[name] = family }
            // Somebody may record `other`, too: that is the same series, and takes nobody's room.
            let other = family.overflow ?? PrometheusText.written(labels.map { ($0.0, "other") })
            guard family.series.count - (family.series[other] == nil ? 0 : 1) >= seriesLimit else {
                family.series[text] = fresh
                return fresh
            }
            state.overLimit += 1
            family.overflow = other
            if let known = family.series[other] as? Series { return known }
            family.series[other] = fresh
            return fresh
        }
    }

    private func remove(_ gone: AnyObject) {
        state.withLock { state in
            for (name, family) in state.families {
                guard let key = family.series.first(where: { $0.value === gone })?.key else { continue }
                // Others count in that of the overflow, too.
                guard key != family.overflow else { continue }
                state.families[name]?.series[key] = nil
                if family.series.count == 1 { state.families[name] = nil }
            }
        }
    }
}

extension PrometheusRegistry: MetricsFactory {
    /// A counter, of whole numbers.
    public func makeCounter(label: String, dimensions: [(String, String)]) -> any CounterHandler {
        series(.counter, label, dimensions) { PrometheusCounter() }
    }

    /// A counter, of any numbers.
    public func makeFloatingPointCounter(
        label: String, dimensions: [(String, String)]
    ) -> any FloatingPointCounterHandler {
        series(.counter, label, dimensions) { PrometheusCounter() }
    }

    /// A gauge.
    public func makeMeter(label: String, dimensions: [(String, String)]) -> any MeterHandler {
        series(.gauge, label, dimensions) { PrometheusGauge() }
    }

    /// A histogram where it aggregates, else a gauge.
    public func makeRecorder(
        label: String, dimensions: [(String, String)], aggregate: Bool
    ) -> any RecorderHandler {
        guard aggregate else { return series(.gauge, label, dimensions) { PrometheusGauge() } }
        return series(.histogram, label, dimensions) { PrometheusHistogram(Self.recorderBuckets) }
    }

    /// A histogram in seconds.
    public func makeTimer(label: String, dimensions: [(String, String)]) -> any TimerHandler {
        series(.timer, label, dimensions) { PrometheusHistogram(Self.timerBuckets) }
    }

    /// It is no longer written down.
    public func destroyCounter(_ handler: any CounterHandler) { remove(handler) }
    /// It is no longer written down.
    public func destroyFloatingPointCounter(_ handler: any FloatingPointCounterHandler) { remove(handler) }
    /// It is no longer written down.
    public func destroyMeter(_ handler: any MeterHandler) { remove(handler) }
    /// It is no longer written down.
    public func destroyRecorder(_ handler: any RecorderHandler) { remove(handler) }
    /// It is no longer written down.
    public func destroyTimer(_ handler: any TimerHandler) { remove(handler) }
}

import Foundation
import Metrics
import Testing
import TorrentEngine

@testable import PrometheusMetrics

@Suite(.timeLimit(.minutes(1)))
struct PrometheusRegistryTests {
    /// The lines of a metric without its HELP and TYPE.
    private func samples(_ registry: PrometheusRegistry, _ name: String) -> [String] {
        registry.exposition().split(separator: "\n").filter { $0.hasPrefix(name) }.map(String.init)
    }

    @Test("Every kind, written as the golden file has it")
    func golden() throws {
        let registry = PrometheusRegistry(describing: [
            MetricDescription(
                "demo_bytes", .counter, ["direction"], help: "Bytes,\nby direction \\ \"way\"."),
            MetricDescription("demo_save_duration", .timer, help: "How long a save took."),
        ])
        for (way, bytes) in [("sent", 7), ("received", Int64.max)] as [(String, Int64)] {
            Counter(label: "demo_bytes", dimensions: [("direction", way)], factory: registry).increment(
                by: bytes)
        }
        FloatingPointCounter(label: "demo.seconds", factory: registry).increment(by: 0.25)
        Meter(label: "demo_peers", factory: registry).set(3)
        Gauge(label: "demo_temperature", factory: registry).record(-1.5)
        let odd = [
            ("b", "back\\slash"), ("a", "a \"quote\"\nand a line"), ("a", "twice"), ("2c", "ü"), ("__d", ""),
        ]
        Meter(label: "2 odd-names:é", dimensions: odd, factory: registry).set(Double.infinity)
        let timer = Timer(label: "demo_save_duration", dimensions: [("le", "mine")], factory: registry)
        for nanoseconds in [999_999, 1_000_000, 250_000_000, 90_000_000_000] {
            timer.recordNanoseconds(nanoseconds)
        }
        let file = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "exposition.txt")
        #expect(registry.exposition() == (try String(contentsOf: file, encoding: .utf8)))
    }

    @Test("The same name and dimensions, in whatever order, are one series")
    func shared() {
        let registry = PrometheusRegistry()
        for dimensions in [[("a", "1"), ("b", "2")], [("b", "2"), ("a", "1")]] {
            Counter(label: "shared.total", dimensions: dimensions, factory: registry).increment(by: 2)
        }
        #expect(samples(registry, "shared") == ["shared_total{a=\"1\",b=\"2\"} 4"])
    }

    @Test("A counter takes nothing that is not more, and stays at the most that it can hold")
    func counters() {
        let registry = PrometheusRegistry()
        let counter = Counter(label: "n", factory: registry)
        for amount in [Int64.max, 5, -3] { counter.increment(by: amount) }
        let rest = FloatingPointCounter(label: "f", factory: registry)
        for amount in [1.5, -1, Double.nan, .infinity] { rest.increment(by: amount) }
        #expect(samples(registry, "n_total") == ["n_total \(Int64.max)"])
        #expect(samples(registry, "f_total") == ["f_total 1.5"])
        counter.reset()
        #expect(samples(registry, "n_total") == ["n_total 0"])
    }

    @Test("A recorder that aggregates is a histogram, and one that does not is a gauge")
    func recorders() {
        let registry = PrometheusRegistry()
        let recorder = Recorder(label: "sizes", factory: registry)
        for value in [0.0005, 1, 3, 1e12] { recorder.record(value) }
        recorder.record(Double.nan)
        let lines = samples(registry, "sizes")
        #expect(lines.contains("sizes_bucket{le=\"0.001\"} 1") && lines.contains("sizes_bucket{le=\"5\"} 3"))
        #expect(lines.contains("sizes_bucket{le=\"+Inf\"} 4") && lines.contains("sizes_count 4"))
    }

    @Test("Beyond the limit of a metric, what comes on top counts in one series, and is counted")
    func bound() {
        let registry = PrometheusRegistry(seriesLimit: 3)
        for number in 0..<100 {
            Counter(label: "many", dimensions: [("peer", "\(number)")], factory: registry).increment()
        }
        Counter(label: "many", dimensions: [("peer", "1")], factory: registry).increment()
        #expect(
            samples(registry, "many")
                == [
                    "many_total{peer=\"0\"} 1", "many_total{peer=\"1\"} 2", "many_total{peer=\"2\"} 1",
                    "many_total{peer=\"other\"} 97",
                ])
        #expect(
            samples(registry, "metrics_refused").last == "metrics_refused_series_total{reason=\"limit\"} 97")
    }

    @Test("Where somebody records what the overflow is called, before or after it, that is one series")
    func other() {
        for order in [["other", "0", "1", "2"], ["0", "1", "2", "other"]] {
            let registry = PrometheusRegistry(seriesLimit: 2)
            let counters = order.map {
                Counter(label: "many", dimensions: [("peer", $0)], factory: registry)
            }
            for counter in counters { counter.increment() }
            let expected = [
                "many_total{peer=\"0\"} 1", "many_total{peer=\"1\"} 1", "many_total{peer=\"other\"} 2",
            ]
            #expect(samples(registry, "many") == expected)
            // Room is made, and what counts in the overflow stays.
            for (name, counter) in zip(order, counters) where name != "1" { counter.destroy() }
            Counter(label: "many", dimensions: [("peer", "other")], factory: registry).increment()
            #expect(
                samples(registry, "many")
                    == ["many_total{peer=\"1\"} 1", "many_total{peer=\"other\"} 3"])
        }
    }

    @Test("A name that belongs to another kind is not written twice, and is counted")
    func conflict() {
        let registry = PrometheusRegistry()
        Meter(label: "one_total", factory: registry).set(1)
        Counter(label: "one", factory: registry).increment()
        #expect(samples(registry, "one") == ["one_total 1"])
        #expect(
            samples(registry, "metrics_refused").first == "metrics_refused_series_total{reason=\"kind\"} 1")
    }

    @Test("What is destroyed is no longer written, and makes room")
    func destroyed() {
        let registry = PrometheusRegistry(seriesLimit: 1)
        for number in 0..<3 {
            let counter = Counter(label: "short", dimensions: [("n", "\(number)")], factory: registry)
            counter.increment()
            #expect(samples(registry, "short") == ["short_total{n=\"\(number)\"} 1"])
            counter.destroy()
        }
        #expect(registry.exposition().isEmpty)
    }

    @Test("Many threads record and read at the same time, and nothing is lost")
    func concurrency() async {
        let registry = PrometheusRegistry(seriesLimit: 4)
        await withTaskGroup(of: Void.self) { group in
            for task in 0..<8 {
                group.addTask {
                    for number in 0..<500 {
                        Counter(label: "c", dimensions: [("n", "\(number % 6)")], factory: registry)
                            .increment()
                        Timer(label: "t", factory: registry).recordNanoseconds(1)
                        Meter(label: "m", factory: registry).increment(by: task % 2 == 0 ? 1 : -1)
                        if number % 50 == 0 { _ = registry.exposition() }
                    }
                }
            }
        }
        let counted = samples(registry, "c_total").compactMap {
            $0.split(separator: " ").last.flatMap { Int($0) }
        }
        #expect(counted.count == 5 && counted.reduce(0, +) == 4000)
        #expect(samples(registry, "t_seconds_count") == ["t_seconds_count 4000"])
        #expect(samples(registry, "m").first == "m 0")
    }
}

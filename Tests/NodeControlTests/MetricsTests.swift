import Foundation
import NIOHTTP1
import PrivateTorrent
import PrivateTorrentTesting
import PrometheusMetrics
import Testing
import TorrentEngine
import Yams

@testable import NodeControl

/// `GET /metrics` of a live node.
@Suite(.timeLimit(.minutes(1)))
struct MetricsTests {
    /// The value of each series.
    private func scrape(_ node: RunningNode) async throws -> [String: Double] {
        let answer = try await node.client.raw("GET", "/metrics")
        #expect(answer.status == 200)
        #expect(answer.headers.first(name: "content-type") == PrometheusRegistry.contentType)
        var out: [String: Double] = [:]
        for line in String(decoding: answer.body, as: UTF8.self).split(separator: "\n")
        where !line.hasPrefix("#") {
            let space = try #require(line.lastIndex(of: " "))
            out[String(line[..<space])] = Double(line[line.index(after: space)...])
        }
        return out
    }

    /// Waits until a series has the value: what is counted comes a moment after what it counts.
    private func expect(_ series: String, _ value: Double, of node: RunningNode) async throws {
        for _ in 0..<250 {
            if try await scrape(node)[series] == value { return }
            try await Task.sleep(for: .milliseconds(20))
        }
        Issue.record("\(series) is \(try await scrape(node)[series] ?? .nan), not \(value)")
    }

    @Test("A transfer, a stranger and requests are in the numbers as they were")
    func transfer() async throws {
        let size = 200_000
        let seeder = try await LocalSeeder.start(RunningNode.content(size), members: ["127.0.0.2"])
        let node = try await RunningNode.start()
        #expect(try await scrape(node)["privatetorrent_content_bytes_total{direction=\"received\"}"] == 0)
        let magnet = MagnetLink(infoHash: seeder.torrent.infoHash, peers: [seeder.endpoint])
        let report = try await node.client.add(AddRequest(invite: "\(magnet)", folder: "\(node.folder)/in"))
        try await expect("privatetorrent_torrents{state=\"seeding\"}", 1, of: node)
        try await expect("privatetorrent_fetches_total{outcome=\"fetched\"}", 1, of: node)
        let values = try await scrape(node)
        #expect(values["privatetorrent_content_bytes_total{direction=\"received\"}"] == Double(size))
        #expect(values["privatetorrent_content_bytes_total{direction=\"sent\"}"] == 0)
        #expect(values["privatetorrent_protocol_bytes_total{direction=\"sent\"}"] ?? 0 > 68)
        let pieces = try await node.store.torrent(report.infoHash)?.status().pieceCount
        #expect(values["privatetorrent_verified_pieces_total"] == pieces.map(Double.init))
        #expect(values["privatetorrent_verified_bytes"] == Double(size))
        #expect(values["privatetorrent_missing_bytes"] == 0)
        #expect(values["privatetorrent_dials_total"] == 1)
        #expect(values["privatetorrent_handshakes_total{direction=\"outgoing\"}"] == 1)
        #expect(values["privatetorrent_hash_failures_total"] == 0)
        #expect(values["privatetorrent_save_duration_seconds_count"] ?? 0 >= 1)
        #expect(values["privatetorrent_saves_total{outcome=\"failed\"}"] == 0)
        let added =
            "privatetorrent_control_requests_total{method=\"POST\",route=\"/v1/torrents\",status=\"2xx\"}"
        #expect(values[added] == 1)
        #expect(values["privatetorrent_refusals_total{reason=\"notAMember\"}"] == 0)

        // The seeder knows the node, and is no member there any more: it is cut, and a stranger from then on.
        try await node.store.setMembers([], of: report.infoHash)
        try await expect("privatetorrent_connected_peers", 0, of: node)
        let port = try #require(await node.store.engine.listeningEndpoints.first).port
        try await seeder.torrent.start(dialling: [PeerEndpoint(parsing: "127.0.0.2:\(port)")])
        for _ in 0..<250 where try await refused(node) == 0 { try await Task.sleep(for: .milliseconds(20)) }
        #expect(try await refused(node) > 0)
        let totals = try await node.client.get("/v1/refusals", as: RefusalReport.self).totals
        #expect(try await refused(node) == Double(totals.values.reduce(0, +)))

        for number in 0..<3 { _ = try await node.client.raw("GET", "/v1/\(number)") }
        let other = "privatetorrent_control_requests_total{method=\"other\",route=\"other\",status=\"4xx\"}"
        try await expect(other, 3, of: node)
        // Refused before a route is looked for: it counts too.
        let raw = try RawClient(node.server.path)
        raw.send("GET /v1/%zz HTTP/1.1\r\nhost: x\r\n\r\n")
        _ = await raw.read()
        try await expect(other, 4, of: node)
        try await node.store.pause(report.infoHash)
        try await expect("privatetorrent_torrents{state=\"paused\"}", 1, of: node)
        try await node.stop()
        try await seeder.stop()
    }

    private func refused(_ node: RunningNode) async throws -> Double {
        try await scrape(node).filter { $0.key.hasPrefix("privatetorrent_refusals_total") }.values.reduce(
            0, +)
    }

    @Test("A fetch that cannot be, and a subscriber, are counted")
    func outcomes() async throws {
        let node = try await RunningNode.start()
        let hash = String(repeating: "ab", count: 20)
        let fetcher = Fetcher(store: node.store)
        await #expect(throws: EngineError.self) {
            try await fetcher.fetch(
                FetchRequest(
                    .infoHash(InfoHash(parsing: hash)), into: "\(node.folder)/in",
                    members: [Member(AddressRule(parsing: "127.0.0.9:1"), source: .invite)],
                    timeout: .milliseconds(50)))
        }
        try await expect("privatetorrent_fetches_total{outcome=\"timedOut\"}", 1, of: node)
        var subscription: EventSubscription? = try node.server.feed.subscribe(after: nil)
        try await expect("privatetorrent_event_subscribers", 1, of: node)
        withExtendedLifetime(subscription) {}
        subscription = nil
        try await expect("privatetorrent_event_subscribers", 0, of: node)
        try await node.stop()
    }

    @Test(
        "Every series of a node is described, with these dimensions, and in Docs/Metrics.md; and nothing else is"
    )
    func described() async throws {
        let path = URL(filePath: #filePath).deletingLastPathComponent().appending(
            path: "../../Docs/Metrics.md")
        let rows = try String(contentsOf: path, encoding: .utf8).split(separator: "\n")
            .filter { $0.hasPrefix("| `privatetorrent_") }
        var documented: Set<String> = []
        for row in rows {
            let cells = row.split(separator: "|").map { $0.trimmingCharacters(in: .whitespaces) }
            try #require(cells.count == 4)
            documented.insert(
                [cells[0], cells[1], String(cells[2].split(separator: ":")[0])].joined(separator: " "))
        }
        let all = Self.all
        let described = all.map { metric in
            let labels = metric.dimensions.map { "`\($0)`" }.joined(separator: ", ")
            return
                "`\(metric.prometheusName)` \(metric.kind == .timer ? "histogram" : metric.kind.rawValue) \(labels.isEmpty ? "–" : labels)"
        }
        #expect(documented == Set(described))
        #expect(Set(all.map(\.label)).count == all.count)

        let node = try await RunningNode.start()
        let known = Dictionary(uniqueKeysWithValues: all.map { ($0.prometheusName, Set($0.dimensions)) })
        for series in try await scrape(node).keys {
            let parts = series.split(separator: "{", maxSplits: 1)
            var name = String(parts[0])
            for suffix in ["_bucket", "_sum", "_count"] where known[name] == nil && name.hasSuffix(suffix) {
                name.removeLast(suffix.count)
            }
            let labels =
                parts.count < 2 ? [] : parts[1].matches(of: /([a-z_]+)="/).map { String($0.output.1) }
            #expect(known[name] == Set(labels).subtracting(["le"]), "\(series)")
        }
        try await node.stop()
    }

    @Test("The dashboard and the alerts ask for metrics that there are, and for no other")
    func dashboard() throws {
        let docs = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../../Docs")
        let board = try JSONSerialization.jsonObject(
            with: Data(contentsOf: docs.appending(path: "grafana/privatetorrent.json")))
        let alerts = try Yams.load(
            yaml: String(contentsOf: docs.appending(path: "prometheus/alerts.yaml"), encoding: .utf8))
        var known: Set<String> = []
        for metric in Self.all {
            let suffixes = metric.kind == .timer ? ["_bucket", "_sum", "_count"] : [""]
            for suffix in suffixes { known.insert(metric.prometheusName + suffix) }
        }
        var asked: Set<String> = []
        for (source, least) in [(board, 40), (alerts as Any, 8)] {
            let queries = Self.queries(source)
            #expect(queries.count >= least)
            for query in queries {
                let names = query.matches(of: /privatetorrent_[a-z_]+/).map { String($0.output) }
                #expect(!names.isEmpty && Set(names).isSubset(of: known), "\(query)")
                asked.formUnion(names)
            }
        }
        // What nobody looks at is missing on the dashboard.
        for metric in Self.all {
            #expect(asked.contains { $0.hasPrefix(metric.prometheusName) }, "\(metric.prometheusName)")
        }
    }

    /// Every `expr` in it.
    private static func queries(_ value: Any) -> [String] {
        if let list = value as? [Any] { return list.flatMap(queries) }
        guard let object = value as? [String: Any] else { return [] }
        return object.flatMap { key, value in
            if key == "expr", let query = value as? String { return [query] }
            return queries(value)
        }
    }

    private static let all =
        MetricDescription.engine + MetricDescription.store + MetricDescription.control
        + MetricDescription.fallbacks

    @Test("A node that keeps no metrics says so")
    func none() async throws {
        let node = try await RunningNode.start(keepsMetrics: false)
        #expect(try await node.problem("GET", "/metrics") == "404 notFound")
        try await node.stop()
    }
}

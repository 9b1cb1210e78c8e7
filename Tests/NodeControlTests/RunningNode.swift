import Foundation
import NIOHTTP1
import PrivateTorrent
import PrometheusMetrics
import TorrentEngine

@testable import NodeControl

/// An engine, a store and a control server in a folder that goes with the test.
final class RunningNode: Sendable {
    let folder: String
    let store: TorrentStore
    let server: ControlServer
    var client: ControlClient { ControlClient(path: server.path) }

    private init(_ folder: String, _ store: TorrentStore, _ server: ControlServer) {
        (self.folder, self.store, self.server) = (folder, store, server)
    }

    deinit { try? FileManager.default.removeItem(atPath: folder) }

    /// A short path: a socket's has at most 107 bytes.
    static func makeFolder() throws -> String {
        let folder = "/tmp/nc-\(UUID().uuidString.prefix(8))"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: false)
        return folder
    }

    static func start(
        at address: String = "127.0.0.2", loopback: LoopbackOptions? = nil,
        limits: ControlLimits = ControlLimits(),
        keepsMetrics: Bool = true,
        readiness: @escaping @Sendable () async -> [String] = { [] },
        isAllowed: @escaping @Sendable (uid_t) -> Bool = PeerCredentials.isOwnOrRoot
    ) async throws -> RunningNode {
        let folder = try makeFolder()
        let metrics = PrometheusRegistry(
            describing: MetricDescription.engine + MetricDescription.store + MetricDescription.control)
        let exposition: @Sendable () async -> String = { metrics.exposition() }
        let engine = try await Engine.start(
            EngineConfiguration(listen: [ListenAddress(parsing: "\(address):0")], metrics: metrics))
        let store = try await TorrentStore.open("\(folder)/state", engine: engine)
        let log = LogRing()
        log.add(level: "info", label: "test", message: "it runs")
        let facts = NodeFacts(
            settings: {
                SettingsReport(
                    file: "/node.yaml",
                    settings: [
                        .init(
                            key: "Listen", value: "x", source: .file, place: "/node.yaml", line: 2,
                            isLive: false)
                    ])
            }, log: log, metrics: keepsMetrics ? exposition : nil)
        let server = try await ControlServer.start(
            store, at: "\(folder)/run/control.sock", loopback: loopback, limits: limits,
            readiness: readiness, facts: facts, isAllowed: isAllowed)
        return RunningNode(folder, store, server)
    }

    func stop() async throws {
        await server.stop()
        _ = await store.shutdown()
        try await store.engine.shutdown()
    }

    /// The status and the problem's code of an answer.
    func problem(_ method: String, _ target: String, _ body: String? = nil) async throws -> String {
        let answer = try await client.raw(method, target, body: body.map { Array($0.utf8) })
        guard answer.status >= 400 else { return "\(answer.status)" }
        let problem = try JSONDecoder().decode(Problem.self, from: Data(answer.body))
        guard problem.status == answer.status,
            answer.headers.first(name: "content-type") == "application/problem+json"
        else { return "no problem document" }
        return "\(answer.status) \(problem.code)"
    }

    /// Bytes that no other test has.
    static func content(_ count: Int) -> [UInt8] { (0..<count).map { _ in UInt8.random(in: 0...255) } }
}

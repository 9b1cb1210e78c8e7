import Foundation
import NodeInterface
import PrivateTorrent
import PrivateTorrentTesting
import Testing
import TorrentEngine

@Suite("LocalSeeder", .timeLimit(.minutes(1)))
struct LocalSeederTests {
    @Test("a member fetches the bytes that the test gave")
    func fetch() async throws {
        let bytes = (0..<100_000).map { UInt8(truncatingIfNeeded: $0 &* 31) }
        let seeder = try await LocalSeeder.start(bytes, members: ["127.0.0.2"])
        let engine = try await Engine.start(
            EngineConfiguration(listen: [ListenAddress(parsing: "127.0.0.2:0")]))
        let folder = FileManager.default.temporaryDirectory.appending(path: "fetched-\(UUID())").path()
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let result = try await Fetcher(engine: engine).fetch(
            FetchRequest(
                .infoHash(seeder.torrent.infoHash), into: folder,
                members: [Member(try AddressRule(seeder.endpoint), source: .invite)]))
        #expect(try Data(contentsOf: URL(filePath: result.files[0].path)) == Data(bytes))
        #expect(seeder.source(peerID: "p").port == seeder.endpoint.port)
        try await engine.shutdown()
        try await seeder.stop()
    }
}

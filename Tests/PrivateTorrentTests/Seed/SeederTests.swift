import Foundation
import Testing
import TorrentEngine

@testable import PrivateTorrent

@Suite(.timeLimit(.minutes(1)))
struct SeederTests {
    @Test(
        "Content that went bad after it was hashed is found, nothing left running", arguments: [true, false])
    func contentGone(_ isVerified: Bool) async throws {
        let scratch = try Scratch()
        let file = try scratch.file("in/été", bytes: 100_000)
        try scratch.file("in/b", bytes: 50_000)
        let created = try await TorrentCreator().create(of: "\(scratch.path)/in")
        try FileManager.default.removeItem(atPath: file)
        let engine = try await Swarm.engine("127.0.0.1")
        let error = await #expect(throws: EngineError.self) {
            try await Seeder(engine: engine).seed(
                created.metainfo, in: scratch.path, members: [], isVerified: isVerified)
        }
        #expect(error?.code == .contentMismatch)
        try scratch.file("in/été", bytes: 100_000)
        let torrent = try await Seeder(engine: engine).seed(created.metainfo, in: scratch.path, members: [])
        #expect(try await torrent.status().state == .seeding)
        try await engine.shutdown()
    }
}

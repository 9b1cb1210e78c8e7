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

    /// Red where it is started and then stopped: the member at the port would be dialled.
    @Test("A seed that is added paused dials nobody, has its limits, and seeds once it is resumed")
    func paused() async throws {
        let scratch = try Scratch()
        try scratch.file("in/a", bytes: 100_000)
        let metainfo = try await TorrentCreator().create(of: "\(scratch.path)/in").metainfo
        let engine = try await Swarm.engine("127.0.0.1")
        let store = try await TorrentStore.open("\(scratch.path)/state", engine: engine)
        let torrent = try await Seeder(store: store).seed(
            metainfo, in: scratch.path,
            members: [Member(try AddressRule(parsing: "127.0.0.9:1"), source: .inviteList)],
            isStarted: false, uploadLimit: 70_000)
        #expect(try await torrent.status().isStarted == false)
        #expect(try await torrent.peerReports().map(\.state) == [.notSeen])
        #expect(await store.entry(metainfo.infoHash)?.isStarted == false)
        #expect(await store.entry(metainfo.infoHash)?.uploadLimit == 70_000)
        #expect(await store.entry(metainfo.infoHash)?.isComplete == true)
        try await store.resume(metainfo.infoHash)
        #expect(try await torrent.status().state == .seeding)
        while try await torrent.peerReports().first?.state == .notSeen {
            try await Task.sleep(for: .milliseconds(10))
        }
        _ = await store.shutdown()
        try await engine.shutdown()
    }
}

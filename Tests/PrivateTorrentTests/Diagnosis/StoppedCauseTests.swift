import Foundation
import NodeInterface
import Testing
import TorrentEngine

@testable import PrivateTorrent

/// It stands still because somebody, or a disk, stopped it. Red where `CauseFinder.cause` asks in another order.
@Suite(.timeLimit(.minutes(3)))
struct StoppedCauseTests {
    /// Red where `isStarted` is not looked at: it would be `noMember`.
    @Test("Stopped by the program")
    func program() async throws {
        let fixture = try await DiagnosisFixture()
        let node = try await fixture.fetch(from: [])
        try await node.torrent.stop()
        let answer = try await explanation("paused") { try await node.torrent.explain() }
        #expect(answer.cause == .paused(Cause.Pause(by: .program)))
        try await shutdown(node)
    }

    /// Red where the store does not say `isPausedInStore`, or forgets what it retired.
    @Test("Paused by its user, not taken up, removed by its retention")
    func store() async throws {
        let scratch = try Scratch()
        let fixture = try await StateFixture(scratch)
        try await fixture.write([fixture.entry])
        let engine = try await Swarm.engine("127.0.0.1")
        let store = try await TorrentStore.open(fixture.path, engine: engine)
        let infoHash = fixture.entry.infoHash
        #expect(try await store.explain(infoHash).cause == .paused(Cause.Pause(by: .notTakenUp)))
        _ = try await store.restore(infoHash)
        try await store.pause(infoHash)
        #expect(try await store.explain(infoHash).cause == .paused(Cause.Pause(by: .user)))
        try await store.setRetention(of: infoHash) { $0.expiry = UnixTime(milliseconds: 1) }
        _ = await store.makeRoom()
        #expect(
            try await store.explain(infoHash).cause
                == .paused(Cause.Pause(by: .retention, retention: .expired)))
        _ = await store.shutdown()
        try await engine.shutdown()
    }

    /// Red where the floor is not told from a full disk.
    @Test("The floor of free space, and the file")
    func floor() async throws {
        let fixture = try await DiagnosisFixture()
        let seed = try await fixture.seed()
        let node = try await fixture.fetch(from: [seed.endpoint.description], freeSpaceFloor: 1 << 60)
        let answer = try await explanation("diskFull") { try await node.torrent.explain() }
        guard case .diskFull(let fault) = answer.cause else { return }
        #expect(fault.isFreeSpaceFloor && fault.path?.hasSuffix("/in") == true && fault.systemErrno == ENOSPC)
        try await shutdown(seed, node)
    }

    /// Red where every storage error counts as a full disk.
    @Test("A seed whose file was changed, and the file")
    func fault() async throws {
        let fixture = try await DiagnosisFixture()
        let seed = try await fixture.seed()
        try Data(repeating: 7, count: 40 * 16384).write(to: URL(filePath: "\(fixture.scratch.path)/in"))
        let node = try await fixture.fetch(from: [seed.endpoint.description])
        let answer = try await explanation("diskFault") { try await seed.torrent.explain() }
        guard case .diskFault(let fault) = answer.cause else { return }
        #expect(fault.path == "\(fixture.scratch.path)/in" && fault.code == "contentChanged")
        #expect(!answer.action.isEmpty)
        try await shutdown(seed, node)
    }
}

import Foundation
import Testing

@testable import TorrentEngine

/// Files that are being downloaded, and what becomes of them afterwards.
@Suite(.timeLimit(.minutes(5)))
struct SealedDownloadTests {
    private struct Pair {
        let fixture: EngineFixture
        let engine: Engine
        let metainfo: Metainfo
        let members: [Member]
        let events: EngineEvents
        let endpoint: PeerEndpoint

        init(_ bytes: Int = 100_000, uploadLimit: UInt32 = 0) async throws {
            fixture = try await EngineFixture()
            metainfo = try await fixture.metainfo("big", bytes: bytes)
            let seed = try await fixture.engine.add(
                metainfo,
                options: AddOptions(
                    saveFolder: fixture.folder.path, members: EngineFixture.members(["127.0.0.2"]),
                    content: .complete, uploadLimit: uploadLimit))
            try await seed.start()
            try await seed.waitUntilFinished()
            engine = try await Engine.start(
                EngineConfiguration(listen: [ListenAddress(parsing: "127.0.0.2:0")]))
            try fixture.folder.makeFolder("out")
            try fixture.folder.write("victim", Array("keep me".utf8))
            members =
                [Member(try AddressRule(fixture.endpoint), source: .invite)]
                + (try EngineFixture.members(["127.0.0.3"]))
            events = engine.events()
            endpoint = try #require(await engine.listeningEndpoints.first)
        }

        var copy: String { fixture.folder.full("out/big") }
        var victim: String { fixture.folder.full("victim") }

        func add() async throws -> Torrent {
            try await engine.add(
                metainfo,
                options: AddOptions(
                    saveFolder: fixture.folder.full("out"), members: members,
                    content: .pieces([UInt8](repeating: 0, count: (metainfo.pieceCount + 7) / 8))))
        }

        func expectVictimUntouched() throws {
            #expect(try Data(contentsOf: URL(fileURLWithPath: victim)) == Data("keep me".utf8))
        }

        func shutdown() async throws {
            try await engine.shutdown()
            try await fixture.engine.shutdown()
        }
    }

    @Test("A download that goes on as a seed is sealed: it sends what it verified, and stops on a change")
    func sealedAfterwards() async throws {
        let pair = try await Pair()
        let torrent = try await pair.add()
        try await torrent.start(dialling: [pair.fixture.endpoint])
        try await torrent.waitUntilFinished()
        let (pieceLength, endpoint) = (pair.metainfo.pieceLengthBytes, pair.endpoint)
        let whole = try await onThread {
            try BlockReader(of: torrent, pieceLength: pieceLength, from: "127.0.0.3", at: endpoint)?
                .all(of: 100_000)
        }
        let sent = try #require(whole).compactMap(\.self).flatMap(\.self)
        #expect(sent == Array(try Data(contentsOf: URL(fileURLWithPath: pair.copy))))
        #expect(sent.count == 100_000)
        // Its time alone: only a file that is held to its version notices. Until then it may be set, so again.
        let copy = pair.copy
        let touching = Task {
            repeat { utimes(copy, nil) } while (try? await Task.sleep(for: .milliseconds(300))) != nil
        }
        defer { touching.cancel() }
        let error = try await storageError(in: pair.events, of: torrent)
        #expect(error.code == .contentChanged)
        #expect(error.path == pair.copy)
        try await pair.shutdown()
    }

    @Test("Nothing is written through a link that was planted in a file's place", arguments: [true, false])
    func planted(_ beforeAdding: Bool) async throws {
        let pair = try await Pair()
        if beforeAdding { try #require(symlink(pair.victim, pair.copy) == 0) }
        let torrent = try await pair.add()
        if !beforeAdding {
            try await torrent.waitUntilChecked()
            try #require(symlink(pair.victim, pair.copy) == 0)
        }
        try await torrent.start(dialling: [pair.fixture.endpoint])
        let error = try await storageError(in: pair.events, of: torrent)
        #expect(error.code == .fileExists)
        #expect(error.path == pair.copy)
        try pair.expectVictimUntouched()
        // Out of the way, it goes on.
        try #require(unlink(pair.copy) == 0)
        if !beforeAdding {
            try await torrent.start(dialling: [pair.fixture.endpoint])
            try await torrent.waitUntilFinished()
        }
        try await pair.shutdown()
        try pair.expectVictimUntouched()
    }

    @Test("A file that is swapped in the middle of a download stops it", arguments: [true, false])
    func swapped(_ byLink: Bool) async throws {
        let pair = try await Pair(4 << 20, uploadLimit: 400_000)
        let torrent = try await pair.add()
        try await torrent.start(dialling: [pair.fixture.endpoint])
        while try await torrent.status().verifiedBytes == 0 { try await Task.sleep(for: .milliseconds(20)) }
        if byLink {
            try #require(unlink(pair.copy) == 0)
            try #require(symlink(pair.victim, pair.copy) == 0)
        } else {
            try FileManager.default.copyItem(atPath: pair.victim, toPath: pair.copy + ".new")
            try #require(rename(pair.copy + ".new", pair.copy) == 0)
        }
        let error = try await storageError(in: pair.events, of: torrent)
        #expect(error.code == .contentChanged, "\(error)")
        #expect(error.path == pair.copy)
        try pair.expectVictimUntouched()
        try await pair.shutdown()
    }
}

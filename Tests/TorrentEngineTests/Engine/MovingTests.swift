import Foundation
import Testing

@testable import TorrentEngine

/// Moving a torrent's files, and removing them with it.
@Suite(.timeLimit(.minutes(5)))
struct MovingTests {
    private struct Failure: Error, Equatable {}

    private typealias Seed = AlbumSeed

    @Test("A seed moves, sends the same from there, and leaves nothing behind")
    func moves() async throws {
        let seed = try await Seed()
        try seed.folder.write("here/album/notes", [1])
        let left = try await seed.torrent.move(to: seed.folder.full("new/place"))
        #expect(left.isEmpty)
        #expect(try seed.bytes("new/place/album/sub/one") == Array(seed.content[..<20_000]))
        #expect(seed.exists("new/place/album/empty"))
        #expect(!seed.exists("here/album/sub"))
        #expect(try seed.bytes("here/album/notes") == [1])
        #expect(try await seed.torrent.status().state == .seeding)
        try await seed.expectSends()
        // It is still held to what it was.
        let events = seed.fixture.engine.events()
        try #require(utimes(seed.folder.full("new/place/album/sub/two"), nil) == 0)
        #expect(try await storageError(in: events, of: seed.torrent).code == .contentChanged)
        try await seed.fixture.engine.shutdown()
    }

    @Test("Until it is saved, all of it stands where it was")
    func saving() async throws {
        let seed = try await Seed()
        try await seed.torrent.move(to: seed.folder.full("there")) {
            let both = [try seed.bytes("here/album/sub/two"), try seed.bytes("there/album/sub/two")]
            #expect(both.allSatisfy { $0 == Array(seed.content[20_000...]) })
            #expect(try await seed.torrent.status().isMoving)
            // It goes on only when it is moved.
            try await seed.torrent.start()
        }
        #expect(try await !seed.torrent.status().isMoving)
        #expect(!seed.exists("here/album"))
        await #expect(throws: Failure.self) {
            try await seed.torrent.move(to: seed.folder.full("third")) { throw Failure() }
        }
        #expect(try await !seed.torrent.status().isMoving)
        #expect(seed.exists("there/album/sub/one") && seed.exists("third/album/sub/one"))
        try await seed.expectSends()
        try await seed.fixture.engine.shutdown()
    }

    enum Obstacle: String, CaseIterable, Sendable { case file, folder, link, fileForFolder, same, changed }

    @Test(
        "What cannot be moved is where it was, and works; what stands in the way is untouched",
        arguments: Obstacle.allCases)
    func obstacles(_ obstacle: Obstacle) async throws {
        let seed = try await Seed()
        let folder = seed.folder
        var code = EngineError.Code.fileExists
        switch obstacle {
        case .file: try folder.write("there/album/sub/two", [9])
        case .folder: try folder.makeFolder("there/album/sub/two")
        case .link:
            try folder.write("victim", [9])
            try folder.makeFolder("there/album/sub")
            try folder.link("there/album/sub/two", to: folder.full("victim"))
        case .fileForFolder: try folder.write("there/album", [9])
        case .same: code = .invalidArgument
        case .changed:
            try await seed.torrent.stop()
            try #require(utimes(folder.full("here/album/sub/two"), nil) == 0)
            code = .contentChanged
        }
        let error = await #expect(throws: EngineError.self) {
            try await seed.torrent.move(to: folder.full(obstacle == .same ? "here/../here" : "there"))
        }
        #expect(error?.code == code, "\(String(describing: error))")
        #expect(error?.remedy != nil || obstacle == .same)
        switch obstacle {
        case .file: #expect(try seed.bytes("there/album/sub/two") == [9])
        case .folder: #expect(error?.path == folder.full("there/album/sub/two"))
        case .link: #expect(try seed.bytes("victim") == [9])
        case .fileForFolder: #expect(try seed.bytes("there/album") == [9])
        case .same: break
        case .changed: #expect(!seed.exists("there"))
        }
        if obstacle == .changed { try await seed.fixture.engine.shutdown(); return }
        try await seed.expectUnmoved("there")
        try await seed.fixture.engine.shutdown()
    }

    @Test(
        "A download goes on where it was moved to, also under names that were cleaned",
        arguments: ["two", "_"])
    func download(_ name: String) async throws {
        let seed = try await Seed()
        var metainfo = seed.metainfo
        if name == "_" {
            var torrent = Data(seed.metainfo.sanitisedTorrent)
            let place = try #require(torrent.range(of: Data("3:two".utf8)))
            torrent.replaceSubrange(place, with: Data("3:...".utf8))
            metainfo = try Metainfo(bytes: Array(torrent))
            try seed.folder.write("given/album/sub/one", Array(seed.content[..<20_000]))
            try seed.folder.write("given/album/sub/_", Array(seed.content[20_000...]))
            try seed.folder.write("given/album/empty", [])
            let given = try await seed.fixture.engine.add(
                metainfo,
                options: AddOptions(
                    saveFolder: seed.folder.full("given"), members: EngineFixture.members(["127.0.0.0/24"]),
                    content: .complete))
            try await given.start()
            try await given.waitUntilFinished()
        }
        let leecher = try await Engine.start(
            EngineConfiguration(listen: [ListenAddress(parsing: "127.0.0.2:0")]))
        let folder = seed.folder
        try folder.makeFolder("part")
        let torrent = try await leecher.add(
            metainfo,
            options: AddOptions(
                saveFolder: folder.full("part"),
                members: [Member(AddressRule(seed.fixture.endpoint), source: .invite)],
                content: .pieces([0]), downloadLimit: 20_000))
        try await torrent.start(dialling: [seed.fixture.endpoint])
        while try await torrent.status().verifiedPieces == 0 { try await Task.sleep(for: .milliseconds(20)) }
        let before = try await torrent.status().verifiedPieces
        try await torrent.move(to: folder.full("other"))
        #expect(try await torrent.status().verifiedPieces >= before)
        #expect(!seed.exists("part/album"))
        try await torrent.setRateLimits(upload: 0, download: 0)
        try await torrent.start(dialling: [seed.fixture.endpoint])
        try await torrent.waitUntilFinished(within: .seconds(60))
        #expect(!seed.exists("other/album/sub/..."))
        #expect(try seed.bytes("other/album/sub/one") + seed.bytes("other/album/sub/\(name)") == seed.content)
        try await leecher.shutdown()
        try await seed.fixture.engine.shutdown()
    }

    @Test("It can be removed or shut down while it is between two folders")
    func removedMeanwhile() async throws {
        let seed = try await Seed()
        let torrent = seed.torrent
        await #expect(throws: EngineError.self) {
            try await torrent.move(to: seed.folder.full("there")) { try await torrent.remove() }
        }
        #expect(seed.exists("here/album/sub/one") && seed.exists("there/album/sub/one"))
        try await seed.fixture.engine.shutdown()
    }

    @Test("What is cut short by a shutdown stands where it was")
    func shutDownMeanwhile() async throws {
        // Of another file system, so that it takes its time; else it is over at once, which is well too.
        let there = "/dev/shm/torrent-engine-\(UUID().uuidString)"
        defer { try? FileManager.default.removeItem(atPath: there) }
        let fixture = try await EngineFixture()
        let bytes = [UInt8](repeating: 5, count: 64 << 20)
        try fixture.folder.write("here/file", bytes)
        let created = try await TorrentCreator().create(of: fixture.folder.full("here/file"))
        let torrent = try await fixture.engine.add(
            created.metainfo,
            options: AddOptions(
                saveFolder: fixture.folder.full("here"), content: .complete, identities: created.identities))
        try await torrent.start()
        try await torrent.waitUntilFinished()
        let engine = fixture.engine
        let moving = Task {
            try await torrent.move(to: there) { try await engine.shutdown(within: .seconds(30)) }
        }
        while access(there, F_OK) != 0 { try await Task.sleep(for: .milliseconds(1)) }
        try await engine.shutdown(within: .seconds(30))
        let error = await #expect(throws: EngineError.self) { try await moving.value }
        #expect(error?.code == .shutDown, "\(String(describing: error))")
        let kept = try Data(contentsOf: URL(fileURLWithPath: fixture.folder.full("here/file")))
        #expect(kept == Data(bytes))
    }

    @Test("What fails in the middle takes away what it made, and no folder that stood there before")
    func undone() async throws {
        let seed = try await Seed()
        try seed.folder.makeFolder("there/album")
        try await seed.torrent.stop()
        // The last file: those before it are there by then.
        try #require(utimes(seed.folder.full("here/album/sub/two"), nil) == 0)
        let error = await #expect(throws: EngineError.self) {
            try await seed.torrent.move(to: seed.folder.full("there"))
        }
        #expect(error?.code == .contentChanged && error?.path == seed.folder.full("here/album/sub/two"))
        #expect(
            seed.exists("there/album") && !seed.exists("there/album/sub") && !seed.exists("there/album/empty")
        )
        #expect(try seed.bytes("here/album/sub/one") == Array(seed.content[..<20_000]))
        try await seed.fixture.engine.shutdown()
    }

    @Test("Removing with files takes the torrent's own, and nothing else")
    func removesFiles() async throws {
        let seed = try await Seed()
        let folder = seed.folder
        try folder.write("here/album/notes", [1])
        try #require(link(folder.full("here/album/sub/one"), folder.full("kept")) == 0)
        // A link more changes who it is; as does a link in its place.
        try #require(rename(folder.full("here/album/sub/two"), folder.full("two")) == 0)
        try folder.link("here/album/sub/two", to: folder.full("two"))
        let left = try await seed.torrent.remove(deletingFiles: true)
        #expect(
            Set(left.map(\.path)) == [folder.full("here/album/sub/one"), folder.full("here/album/sub/two")])
        #expect(left.allSatisfy { $0.error.code == .contentChanged })
        #expect(try seed.bytes("two") == Array(seed.content[20_000...]))
        #expect(!seed.exists("here/album/empty") && seed.exists("here/album/notes"))
        try await seed.fixture.engine.shutdown()
    }

    @Test(
        "Removing with files leaves no empty folder, and what stood there before and is none of its content")
    func removesFolders() async throws {
        let seed = try await Seed()
        #expect(try await seed.torrent.remove(deletingFiles: true).isEmpty)
        #expect(!seed.exists("here/album") && seed.exists("here"))
        // Somebody's own file by the name of one of a torrent that has nothing of it.
        try seed.folder.write("here/album/sub/two", [UInt8](repeating: 1, count: 80_000))
        let other = try await seed.fixture.engine.add(
            seed.metainfo, options: AddOptions(saveFolder: seed.folder.full("here")))
        try await other.start()
        try await other.waitUntilChecked()
        let left = try await other.remove(deletingFiles: true)
        #expect(left.map(\.path) == [seed.folder.full("here/album/sub/two")])
        #expect(try seed.bytes("here/album/sub/two").count == 80_000)
        try await seed.fixture.engine.shutdown()
    }
}

import Foundation
import Testing

@testable import TorrentEngine

/// Moving a torrent to another file system. By Tests/Disk/run.
@Suite(.enabled(if: SmallDisk.isPossible, "run by Tests/Disk/run"), .serialized, .timeLimit(.minutes(3)))
struct DiskMoveTests {
    private struct Seed {
        let fixture: EngineFixture
        let torrent: Torrent
        let bytes: [UInt8]

        init(_ content: [UInt8]) async throws {
            fixture = try await EngineFixture()
            bytes = content
            try fixture.folder.write("here/album/one", bytes)
            try fixture.folder.write("here/album/two", [1, 2, 3])
            let created = try await TorrentCreator().create(of: fixture.folder.full("here/album"))
            torrent = try await fixture.engine.add(
                created.metainfo,
                options: AddOptions(
                    saveFolder: fixture.folder.full("here"), members: EngineFixture.members(["127.0.0.2"]),
                    content: .complete, identities: created.identities))
            try await torrent.start()
            try await torrent.waitUntilFinished()
        }

        func expectSends(_ pieceLength: Int) async throws {
            let (torrent, endpoint) = (torrent, fixture.endpoint)
            let first = try await onThread {
                try BlockReader(of: torrent, pieceLength: pieceLength, from: "127.0.0.2", at: endpoint)?
                    .block(at: 0)
            }
            #expect(first == Array(bytes.prefix(BlockReader.blockLength)))
            #expect(try await torrent.status().state == .seeding)
        }
    }

    @Test("Over file systems it is copied, and the old files go", arguments: SmallDisk.Kind.allCases)
    func copied(_ kind: SmallDisk.Kind) async throws {
        let disk = try SmallDisk(kind, bytes: 24 << 20)
        let seed = try await Seed(noise(3_000_000))
        let left = try await seed.torrent.move(to: disk.full("there"))
        #expect(left.isEmpty)
        #expect(try Data(contentsOf: URL(fileURLWithPath: disk.full("there/album/one"))) == Data(seed.bytes))
        #expect(access(seed.fixture.folder.full("here/album"), F_OK) != 0)
        try await seed.expectSends(16_384)
        // And back.
        try await seed.torrent.move(to: seed.fixture.folder.full("back"))
        #expect(access(disk.full("there/album"), F_OK) != 0)
        try await seed.expectSends(16_384)
        try await seed.fixture.engine.shutdown()
    }

    @Test("Without room, or cancelled in the middle, it is where it was and works; nothing is left there")
    func failed() async throws {
        let seed = try await Seed([UInt8](repeating: 7, count: 48 << 20))
        let small = try SmallDisk(.tmpfs, bytes: 4 << 20)
        let error = await #expect(throws: EngineError.self) {
            try await seed.torrent.move(to: small.full("there"))
        }
        #expect(error?.code == .diskFull && error?.remedy != nil, "\(String(describing: error))")
        #expect(access(small.full("there"), F_OK) != 0)
        try await seed.expectSends(16_384)

        let large = try SmallDisk(.ext4, bytes: 96 << 20)
        let torrent = seed.torrent
        let moving = Task { try await torrent.move(to: large.full("there")) }
        while access(large.full("there/album/one"), F_OK) != 0, !moving.isCancelled {
            try await Task.sleep(for: .milliseconds(1))
        }
        moving.cancel()
        // Unless it was over before that came.
        if case .failure(let error) = await moving.result {
            #expect((error as? EngineError)?.code == .cancelled, "\(error)")
            #expect(access(large.full("there"), F_OK) != 0)
        }
        try await seed.expectSends(16_384)
        try await seed.fixture.engine.shutdown()
    }

    @Test("A copy keeps the holes of a download that has just begun")
    func holes() async throws {
        let disk = try SmallDisk(.ext4, bytes: 24 << 20)
        let fixture = try await EngineFixture()
        let metainfo = try await fixture.metainfo("big", bytes: 8 << 20)
        try fixture.folder.makeFolder("out")
        let copy = fixture.folder.full("out/big")
        try fixture.folder.write("out/big", [UInt8](repeating: 7, count: 4096))
        try #require(truncate(copy, 8 << 20) == 0)
        let torrent = try await fixture.engine.add(
            metainfo,
            options: AddOptions(
                saveFolder: fixture.folder.full("out"),
                content: .pieces([UInt8](repeating: 0, count: (metainfo.pieceCount + 7) / 8))))
        try await torrent.waitUntilChecked()
        try await torrent.move(to: disk.full("there"))
        var status = stat()
        try #require(stat(disk.full("there/big"), &status) == 0)
        #expect(status.st_size == 8 << 20 && status.st_blocks * 512 < 1 << 20)
        try await fixture.engine.shutdown()
    }
}

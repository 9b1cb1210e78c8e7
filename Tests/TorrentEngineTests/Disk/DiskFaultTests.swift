import Foundation
import Testing

@testable import TorrentEngine

/// What a real file system does to a torrent. By Tests/Disk/run.
@Suite(.enabled(if: SmallDisk.isPossible, "run by Tests/Disk/run"), .serialized, .timeLimit(.minutes(3)))
struct DiskFaultTests {
    private static let size = 8 << 20

    /// A seed on the usual disk, and a download of it on a small one.
    private struct Download {
        let fixture: EngineFixture
        let engine: Engine
        let torrent: Torrent
        let events: EngineEvents
        let disk: SmallDisk

        init(on disk: SmallDisk, floor: UInt64 = 0, limit: UInt32 = 0) async throws {
            self.disk = disk
            fixture = try await EngineFixture()
            let metainfo = try await fixture.metainfo("big", bytes: size)
            let seed = try await fixture.engine.add(
                metainfo,
                options: AddOptions(
                    saveFolder: fixture.folder.path, members: EngineFixture.members(["127.0.0.2"]),
                    content: .complete))
            try await seed.start()
            engine = try await Engine.start(
                EngineConfiguration(listen: [ListenAddress(parsing: "127.0.0.2:0")], freeSpaceFloor: floor))
            events = engine.events()
            torrent = try await engine.add(
                metainfo,
                options: AddOptions(
                    saveFolder: disk.full("out"),
                    members: [Member(AddressRule(fixture.endpoint), source: .invite)],
                    content: .pieces([UInt8](repeating: 0, count: (metainfo.pieceCount + 7) / 8)),
                    downloadLimit: limit))
        }

        func start() async throws { try await torrent.start(dialling: [fixture.endpoint]) }

        func expectWhole() throws {
            let copy = try Data(contentsOf: URL(fileURLWithPath: disk.full("out/big")))
            #expect(try copy == Data(contentsOf: URL(fileURLWithPath: fixture.folder.full("big"))))
        }

        /// Until every piece is there, whatever stopped it meanwhile.
        func waitUntilWhole() async throws {
            while try await torrent.status().state != .seeding {
                try await Task.sleep(for: .milliseconds(50))
            }
        }

        func shutdown() async throws {
            try await engine.shutdown()
            try await fixture.engine.shutdown()
        }
    }

    @Test(
        "A full disk stops a download, and it goes on by itself once there is room",
        arguments: SmallDisk.Kind.allCases)
    func full(_ kind: SmallDisk.Kind) async throws {
        let disk = try SmallDisk(kind, bytes: 14 << 20)
        let filler = [UInt8](repeating: 1, count: Int(disk.freeBytes) - (3 << 20))
        try Data(filler).write(to: URL(fileURLWithPath: disk.full("filler")))
        let download = try await Download(on: disk)
        try await download.start()
        let error = try await storageError(in: download.events, of: download.torrent)
        #expect(error.code == .diskFull && error.systemErrno == ENOSPC, "\(error)")
        #expect(error.path == disk.full("out/big") && error.remedy != nil)
        let status = try await download.torrent.status()
        #expect(status.state == .failed && status.verifiedBytes < UInt64(Self.size))
        // What is called verified is.
        let pieces = try await download.torrent.verifiedPieces()
        let metainfo = try await download.fixture.metainfo("big", bytes: Self.size)
        let found = try await PieceVerifier().verify(metainfo, in: disk.full("out"), pieces: pieces)
        #expect(found.bitfield == pieces)
        try #require(unlink(disk.full("filler")) == 0)
        try await download.waitUntilWhole()
        try await download.torrent.waitUntilFinished()
        try download.expectWhole()
        try await download.shutdown()
    }

    @Test("It goes on at a start too, and does not by itself where it was stopped")
    func fullByCommand() async throws {
        let disk = try SmallDisk(.tmpfs, bytes: 3 << 20)
        let download = try await Download(on: disk)
        try await download.start()
        #expect(try await storageError(in: download.events, of: download.torrent).code == .diskFull)
        try await download.torrent.stop()
        try disk.remount("size=\(20 << 20)")
        try await Task.sleep(for: .seconds(5))
        #expect(try await download.torrent.status().state == .failed)
        try await download.start()
        try await download.waitUntilWhole()
        try download.expectWhole()
        try await download.shutdown()
    }

    @Test("A floor of free room is not passed")
    func floor() async throws {
        let disk = try SmallDisk(.tmpfs, bytes: 12 << 20)
        let floor: UInt64 = 6 << 20
        let download = try await Download(on: disk, floor: floor)
        try await download.start()
        let error = try await storageError(in: download.events, of: download.torrent)
        #expect(error.code == .diskFull && error.path == disk.full("out/big"), "\(error)")
        #expect(error.reason.contains("\(floor)"))
        #expect(disk.freeBytes >= floor)
        #expect(try await download.torrent.status().verifiedBytes > 1 << 20)
        try disk.remount("size=\(20 << 20)")
        try await download.waitUntilWhole()
        #expect(disk.freeBytes >= floor)
        try download.expectWhole()
        try await download.shutdown()
    }

    @Test(
        "A file system that is mounted read-only stops a download until it is writable",
        arguments: SmallDisk.Kind.allCases)
    func readOnly(_ kind: SmallDisk.Kind) async throws {
        let disk = try SmallDisk(kind, bytes: 24 << 20)
        let download = try await Download(on: disk, limit: 4 << 20)
        try await download.start()
        while try await download.torrent.status().verifiedPieces == 0 {
            try await Task.sleep(for: .milliseconds(20))
        }
        try await download.torrent.stop()
        // Its files are closed a moment later.
        for attempt in 0... {
            do {
                try disk.remount("ro")
                break
            } catch  where attempt < 50 { try await Task.sleep(for: .milliseconds(100)) }
        }
        try await download.start()
        let error = try await storageError(in: download.events, of: download.torrent)
        #expect(error.code == .permissionDenied && error.systemErrno == EROFS, "\(error)")
        #expect(error.path == disk.full("out/big") && error.remedy?.contains("writable") == true)
        #expect(try await download.torrent.status().state == .failed)
        try disk.remount("rw")
        try await download.torrent.setRateLimits(upload: 0, download: 0)
        try await download.start()
        try await download.torrent.waitUntilFinished(within: .seconds(60))
        try download.expectWhole()
        try await download.shutdown()
    }

    @Test("A seed that may not read its files any more says so, and goes on when it may")
    func permission() async throws {
        let fixture = try await EngineFixture()
        let folder = fixture.folder
        try folder.makeFolder("deep")
        try folder.write("deep/one", noise(100_000))
        let created = try await TorrentCreator().create(of: folder.full("deep"))
        let events = fixture.engine.events()
        let torrent = try await fixture.engine.add(
            created.metainfo,
            options: AddOptions(
                saveFolder: folder.path, members: EngineFixture.members(["127.0.0.2"]), content: .complete,
                identities: created.identities))
        try await torrent.start()
        try await torrent.waitUntilFinished()
        try #require(chmod(folder.full("deep"), 0) == 0)
        defer { chmod(folder.full("deep"), 0o755) }
        try #require(access(folder.full("deep/one"), F_OK) != 0, "permissions do not hold here")
        let error = try await storageError(in: events, of: torrent)
        #expect(error.code == .permissionDenied && error.path == folder.full("deep/one"), "\(error)")
        #expect(error.remedy != nil)
        try #require(chmod(folder.full("deep"), 0o755) == 0)
        try await torrent.start()
        #expect(try await torrent.status().state == .seeding)
        let (length, endpoint) = (created.metainfo.pieceLengthBytes, fixture.endpoint)
        let first = try await onThread {
            try BlockReader(of: torrent, pieceLength: length, from: "127.0.0.2", at: endpoint)?.block(at: 0)
        }
        #expect(first == Array(noise(100_000).prefix(BlockReader.blockLength)))
        try await fixture.engine.shutdown()
    }
}

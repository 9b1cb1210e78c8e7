import Foundation
import Testing

@testable import TorrentEngine

/// Renaming a file of a torrent that runs.
@Suite(.timeLimit(.minutes(5)))
struct RenamingTests {
    private func names(of torrent: Torrent) async throws -> [String] {
        try await torrent.files().filter { !$0.isPad }.map(\.path).sorted()
    }

    private func engine(at address: String) async throws -> Engine {
        try await Engine.start(EngineConfiguration(listen: [ListenAddress(parsing: "\(address):0")]))
    }

    @Test(
        "A seed sends the same under the new name, in the same swarm, and is held to what it was",
        arguments: [true, false])
    func seed(_ isStarted: Bool) async throws {
        let seed = try await AlbumSeed()
        let two = try #require(seed.metainfo.files.firstIndex { $0.path == "album/sub/two" })
        let one = try #require(seed.metainfo.files.firstIndex { $0.path == "album/sub/one" })
        if !isStarted { try await seed.torrent.stop() }
        try await seed.torrent.rename(file: two, to: "album/new/folder/zwei")
        try await seed.torrent.rename(file: one, to: "album/eins")
        #expect(try await names(of: seed.torrent) == ["album/eins", "album/empty", "album/new/folder/zwei"])
        #expect(!seed.exists("here/album/sub"))
        #expect(try seed.bytes("here/album/eins") == Array(seed.content[..<20_000]))
        #expect(try seed.bytes("here/album/new/folder/zwei") == Array(seed.content[20_000...]))
        #expect(try await seed.torrent.status().isStarted == isStarted)
        #expect(try await seed.torrent.status().isMoving == false)
        try await seed.torrent.start()
        #expect(try await seed.torrent.status().state == .seeding)
        try await seed.expectSends()
        // And back again, into a folder that went.
        try await seed.torrent.rename(file: two, to: "album/sub/two")
        try await seed.expectSends()
        let events = seed.fixture.engine.events()
        try #require(utimes(seed.folder.full("here/album/eins"), nil) == 0)
        let error = try await storageError(in: events, of: seed.torrent)
        #expect(error.code == .contentChanged && error.path == seed.folder.full("here/album/eins"))
        try await seed.fixture.engine.shutdown()
    }

    @Test(
        "A name that is none, or that something has, is refused; the file has its old one, and is sent",
        arguments: [
            ("album/sub/two", .invalidArgument), ("", .invalidArgument), ("/etc/two", .invalidArgument),
            ("two", .invalidArgument), ("other/two", .invalidArgument), ("album", .invalidArgument),
            ("album/../two", .invalidArgument), ("album/./two", .invalidArgument),
            ("album//two", .invalidArgument), ("album/sub/", .invalidArgument),
            ("album/t\\wo", .invalidArgument),
            ("album/t\u{202e}wo", .invalidArgument), ("album/t\nwo", .invalidArgument),
            ("album/ . ", .invalidArgument),
            ("album/" + String(repeating: "x", count: 256), .invalidArgument),
            ("album/" + String(repeating: "x/", count: 1600) + "x", .invalidArgument),
            ("album/sub/one", .fileExists), ("album/sub", .fileExists), ("album/empty/two", .fileExists),
            ("album/taken", .fileExists), ("album/link", .fileExists), ("album/link/two", .fileExists),
            ("album/taken/two", .fileExists), ("album/folder", .fileExists),
        ] as [(String, EngineError.Code)])
    func refusals(_ path: String, _ code: EngineError.Code) async throws {
        let seed = try await AlbumSeed()
        try seed.folder.write("here/album/taken", [9])
        try seed.folder.makeFolder("here/album/folder")
        try seed.folder.makeFolder("away")
        try seed.folder.link("here/album/link", to: seed.folder.full("away"))
        let two = try #require(seed.metainfo.files.firstIndex { $0.path == "album/sub/two" })
        let error = await #expect(throws: EngineError.self) {
            try await seed.torrent.rename(file: two, to: path)
        }
        #expect(error?.code == code, "\(String(describing: error))")
        #expect(error?.reason.isEmpty == false)
        #expect(try seed.bytes("here/album/taken") == [9])
        #expect(!seed.exists("away/two"))
        #expect(try seed.bytes("here/album/sub/two") == Array(seed.content[20_000...]))
        #expect(try await names(of: seed.torrent) == ["album/empty", "album/sub/one", "album/sub/two"])
        try await seed.expectSends()
        try await seed.fixture.engine.shutdown()
    }

    @Test("A file that is not what was verified, or is gone, is not renamed", arguments: [true, false])
    func changed(_ isGone: Bool) async throws {
        let seed = try await AlbumSeed()
        try await seed.torrent.stop()
        let two = try #require(seed.metainfo.files.firstIndex { $0.path == "album/sub/two" })
        if isGone {
            try FileManager.default.removeItem(atPath: seed.folder.full("here/album/sub/two"))
        } else {
            try #require(utimes(seed.folder.full("here/album/sub/two"), nil) == 0)
        }
        let error = await #expect(throws: EngineError.self) {
            try await seed.torrent.rename(file: two, to: "album/zwei")
        }
        #expect(error?.code == .contentChanged && error?.path == seed.folder.full("here/album/sub/two"))
        #expect(!seed.exists("here/album/zwei"))
        try await seed.fixture.engine.shutdown()
    }

    @Test("A file of a seed that somebody has open for writing is not renamed, and is once it is closed")
    func writer() async throws {
        let seed = try await AlbumSeed()
        let two = try #require(seed.metainfo.files.firstIndex { $0.path == "album/sub/two" })
        let file = open(seed.folder.full("here/album/sub/two"), O_WRONLY | O_CLOEXEC)
        try #require(file >= 0)
        let error = await #expect(throws: EngineError.self) {
            try await seed.torrent.rename(file: two, to: "album/zwei")
        }
        #expect(error?.code == .inUse, "\(String(describing: error))")
        close(file)
        // A process that another test is about to start may have it for a moment.
        var isRenamed = false
        for _ in 0..<50 where !isRenamed {
            isRenamed = (try? await seed.torrent.rename(file: two, to: "album/zwei")) != nil
        }
        #expect(isRenamed)
        try await seed.expectSends()
        try await seed.fixture.engine.shutdown()
    }

    @Test("A fetch goes on under the new names, of what is there and what is not, and no byte comes twice")
    func download() async throws {
        let seed = try await AlbumSeed()
        let folder = seed.folder
        let leecher = try await engine(at: "127.0.0.2")
        try folder.makeFolder("part")
        let members = [Member(try AddressRule(seed.fixture.endpoint), source: .invite)]
        // In order: the last file is not there when the first piece is.
        let torrent = try await leecher.add(
            seed.metainfo,
            options: AddOptions(
                saveFolder: folder.full("part"), members: members, content: .pieces([0]), isSequential: true,
                downloadLimit: 20_000))
        try await torrent.start(dialling: [seed.fixture.endpoint])
        while try await torrent.status().verifiedPieces == 0 { try await Task.sleep(for: .milliseconds(20)) }
        for (index, file) in seed.metainfo.files.enumerated() where file.sizeBytes > 0 {
            try await torrent.rename(file: index, to: "album/\(file.sizeBytes)")
        }
        #expect(try await torrent.status().verifiedPieces >= 1)
        #expect(!seed.exists("part/album/sub/one") && !seed.exists("part/album/sub/two"))
        try await torrent.setRateLimits(upload: 0, download: 0)
        try await torrent.start(dialling: [seed.fixture.endpoint])
        try await torrent.waitUntilFinished(within: .seconds(60))
        #expect(try seed.bytes("part/album/20000") + seed.bytes("part/album/80000") == seed.content)
        #expect(!seed.exists("part/album/sub/one") && !seed.exists("part/album/sub/two"))
        // Blocks that were on their way when it stood still come again; no piece does.
        let status = try await torrent.status()
        #expect(status.wastedBytes == 0 && status.receivedBytes < 100_000 + 32768)
        // What is whole now is sent from there, and taken up under those names.
        let named = try seed.metainfo.renamingFiles(
            Dictionary(
                uniqueKeysWithValues: try await torrent.files().enumerated().map {
                    ($0.offset, $0.element.path)
                }))
        let found = try await PieceVerifier().verify(named, in: folder.full("part"))
        #expect(found.badFiles.isEmpty && found.verifiedPieceCount == seed.metainfo.pieceCount)
        // And it moves with the names that it has.
        try await torrent.move(to: folder.full("other"))
        #expect(try seed.bytes("other/album/20000") + seed.bytes("other/album/80000") == seed.content)
        #expect(try await torrent.remove(deletingFiles: true).isEmpty)
        #expect(!seed.exists("other/album") && !seed.exists("part/album"))
        try await leecher.shutdown()
        try await seed.fixture.engine.shutdown()
    }

    @Test("A file that is not there yet does not get the name of one that is, and what comes stays beside it")
    func absent() async throws {
        let seed = try await AlbumSeed()
        let folder = seed.folder
        let leecher = try await engine(at: "127.0.0.2")
        try folder.write("part/album/taken", [9])
        let torrent = try await leecher.add(
            seed.metainfo, options: AddOptions(saveFolder: folder.full("part"), content: .pieces([0])))
        let two = try #require(seed.metainfo.files.firstIndex { $0.path == "album/sub/two" })
        try await torrent.start()
        try await torrent.waitUntilChecked()
        let error = await #expect(throws: EngineError.self) {
            try await torrent.rename(file: two, to: "album/taken")
        }
        #expect(error?.code == .fileExists)
        for file in [-1, 9] {
            let error = await #expect(throws: EngineError.self) {
                try await torrent.rename(file: file, to: "album/zwei")
            }
            #expect(error?.code == .noSuchFile || error?.code == .invalidArgument)
        }
        #expect(try seed.bytes("part/album/taken") == [9])
        try await leecher.shutdown()
        try await seed.fixture.engine.shutdown()
    }

    @Test("Before its metadata is here, while it is moved and after its removal, it is not renamed")
    func states() async throws {
        let seed = try await AlbumSeed()
        let leecher = try await engine(at: "127.0.0.2")
        let empty = try await leecher.add(
            seed.metainfo.infoHash, options: AddOptions(saveFolder: seed.folder.full("here")))
        try await empty.start()
        let torrent = seed.torrent
        var error = await #expect(throws: EngineError.self) { try await empty.rename(file: 0, to: "album/x") }
        #expect(error?.code == .wrongState)
        try await torrent.move(to: seed.folder.full("there")) {
            error = await #expect(throws: EngineError.self) {
                try await torrent.rename(file: 0, to: "album/x")
            }
        }
        #expect(error?.code == .wrongState)
        // Of two at the same time one is refused, or comes after the other.
        async let first: Void = torrent.rename(file: 1, to: "album/x")
        async let second: Void = torrent.rename(file: 1, to: "album/y")
        var refused = 0
        do { try await first } catch { refused += error is EngineError ? 1 : 2 }
        do { try await second } catch { refused += error is EngineError ? 1 : 2 }
        #expect(refused <= 1)
        try await seed.expectSends()
        async let renaming: Void = torrent.rename(file: 1, to: "album/z")
        try await torrent.remove()
        _ = try? await renaming
        error = await #expect(throws: EngineError.self) { try await torrent.rename(file: 0, to: "album/x") }
        #expect(error?.code == .torrentNotFound)
        try await leecher.shutdown()
        try await seed.fixture.engine.shutdown()
    }

    @Test("Removing with files takes the renamed file, and not another's by its former name")
    func removal() async throws {
        let seed = try await AlbumSeed()
        let two = try #require(seed.metainfo.files.firstIndex { $0.path == "album/sub/two" })
        try await seed.torrent.rename(file: two, to: "album/zwei")
        try seed.folder.write("here/album/sub/two", [9])
        #expect(try await seed.torrent.remove(deletingFiles: true).isEmpty)
        #expect(!seed.exists("here/album/zwei") && !seed.exists("here/album/sub/one"))
        #expect(try seed.bytes("here/album/sub/two") == [9])
        try await seed.fixture.engine.shutdown()
    }

    @Test("A torrent with other names is the same torrent")
    func metainfo() async throws {
        let folder = try TemporaryFolder()
        try folder.write("t/a", [1, 2, 3])
        try folder.write("t/b", [4, 5])
        let metainfo = try await TorrentCreator().create(of: folder.full("t")).metainfo
        let other = try metainfo.renamingFiles([0: "t/b", 1: "t/c/ä"])
        #expect(other.infoHash == metainfo.infoHash && other.sanitisedTorrent == metainfo.sanitisedTorrent)
        #expect(other.name == "t" && other.files.map(\.path) == ["t/b", "t/c/ä"])
        #expect(other.renamed.map(\.to) == ["t/b", "t/c/ä"])
        #expect(metainfo.files.map(\.path) == ["t/a", "t/b"])
        #expect(try other.renamingFiles([0: "t/a", 1: "t/b"]).renamed.isEmpty)
        for (names, code) in [
            ([0: "t/b"], .fileExists), ([0: "t/b/x"], .fileExists), ([0: "t/x", 1: "t/x"], .fileExists),
            ([0: "t/x", 1: "t/x/y"], .fileExists), ([2: "t/x"], .noSuchFile), ([-1: "t/x"], .noSuchFile),
            ([0: "u/x"], .invalidArgument),
        ] as [([Int: String], EngineError.Code)] {
            let error = #expect(throws: EngineError.self) { try metainfo.renamingFiles(names) }
            #expect(error?.code == code, "\(names): \(String(describing: error))")
        }
        let single = try await TorrentCreator().create(of: folder.full("t/a")).metainfo
        #expect(try single.renamingFiles([0: "z"]).files.map(\.path) == ["z"])
        for name in ["a/z", ".z", "..", ""] {
            let error = #expect(throws: EngineError.self) { try single.renamingFiles([0: name]) }
            #expect(error?.code == .invalidArgument)
        }
    }
}

import Foundation
import NodeInterface
import Testing

@testable import PrivateTorrent
@testable import TorrentEngine

/// Renaming files of torrents that outlast the process.
@Suite(.timeLimit(.minutes(3)))
struct StoredRenamingTests {
    private let scratch: Scratch

    init() throws { scratch = try Scratch() }

    private func open(at address: String = "127.0.0.1") async throws -> TorrentStore {
        try await TorrentStore.open("\(scratch.path)/state", engine: Swarm.engine(address))
    }

    private func album(bytes: Int = 100_000) async throws -> TorrentCreator.Created {
        for name in ["a", "b", "c"] { try scratch.file("in/\(name)", bytes: bytes) }
        var options = TorrentCreator.Options()
        options.pieceLengthBytes = 16384
        return try await TorrentCreator(options: options).create(of: "\(scratch.path)/in")
    }

    @Test("A seed is there under its new names after a crash, unhashed, and can be shared again")
    func seed() async throws {
        let created = try await album()
        let hash = created.metainfo.infoHash
        var store = try await open()
        _ = try await Seeder(store: store).seed(created.metainfo, in: scratch.path, members: [])
        try await store.rename(hash, file: 1, to: "in/new/b")
        try await store.rename(hash, "in/new/b", to: "in/new/b 2")
        try await store.rename(hash, "in/a", to: "in/b")
        #expect(scratch.tree("in") == ["b", "c", "new", "new/b 2"])
        try await crash(store)

        store = try await open()
        #expect(await store.entry(hash)?.names == [0: "in/b", 1: "in/new/b 2"])
        let metainfo = try #require(try await store.metainfo(hash))
        #expect(metainfo.files.map(\.path) == ["in/b", "in/new/b 2", "in/c"])
        guard case .complete = try await store.whole(metainfo, in: scratch.path).content else {
            Issue.record("it would be hashed")
            return
        }
        #expect(await store.restore().isEmpty)
        let torrent = try #require(await store.torrent(hash))
        #expect(try await torrent.files().map(\.path) == metainfo.files.map(\.path))
        #expect(try await PieceVerifier().verify(metainfo, in: scratch.path).badFiles.isEmpty)
        try await end(store)
        // By its .torrent, which has the former names.
        store = try await open()
        _ = try await Seeder(store: store).seed(created.metainfo, in: scratch.path, members: [])
        #expect(await store.entry(hash)?.names == [0: "in/b", 1: "in/new/b 2"])
        try await store.remove(hash, deletingFiles: true)
        #expect(scratch.tree("in").isEmpty)
        try await end(store)
    }

    @Test(
        "A fetch goes on under the new names after a crash, and fetches nothing again",
        arguments: [true, false])
    func fetch(_ isFolder: Bool) async throws {
        if isFolder { _ = try await album(bytes: 3 << 20) } else { try scratch.file("in", bytes: 8 << 20) }
        let swarm = try await Swarm.seed("\(scratch.path)/in", pieceLength: 16384)
        try await swarm.torrent.setRateLimits(upload: 3 << 20, download: 0)
        let hash = swarm.torrent.infoHash
        let size = swarm.created.metainfo.sizeBytes
        var store = try await open(at: "127.0.0.2")
        var request = FetchRequest(swarm.magnet, into: try scratch.folder("out"), members: try swarm.members)
        request.seedsAfterwards = true
        let (fetcher, first) = (Fetcher(store: store), request)
        let fetching = Task { try? await fetcher.fetch(first) }
        try await progress(of: hash, in: store, to: 2 << 20)
        let names = isFolder ? ["in/x", "in/y/b", "in/c"] : ["x"]
        for (file, name) in names.enumerated() where name != swarm.created.metainfo.files[file].path {
            try await store.rename(hash, file: file, to: name)
        }
        try await progress(of: hash, in: store, to: 4 << 20)
        try await crash(store)
        _ = await fetching.value
        let named = try swarm.created.metainfo.renamingFiles(
            Dictionary(uniqueKeysWithValues: names.enumerated().map { ($0, $1) }))
        let onDisk = try await PieceVerifier().verify(named, in: "\(scratch.path)/out")
        #expect(onDisk.verifiedBytes >= 4 << 20)

        store = try await open(at: "127.0.0.2")
        try await swarm.torrent.setRateLimits(upload: 0, download: 0)
        let before = try await swarm.torrent.status().uploadedBytes
        #expect(await store.restore().isEmpty)
        let torrent = try #require(await store.torrent(hash))
        try await torrent.waitUntilFinished()
        #expect(try await swarm.torrent.status().uploadedBytes - before == size - onDisk.verifiedBytes)
        for (file, name) in names.enumerated() {
            #expect(
                try scratch.contents("out/\(name)")
                    == scratch.contents(swarm.created.metainfo.files[file].path))
        }
        // Whole, its record goes, and nothing has a former name.
        let whole = isFolder ? ["in", "in/c", "in/x", "in/y", "in/y/b"] : ["x"]
        await eventually { scratch.tree("out") == whole }
        #expect(scratch.tree("out") == whole)
        try await end(store)
        try await swarm.shutdown()
    }

    @Test("A fetch that is paused and in no engine is renamed too; its files are chosen by the new names")
    func paused() async throws {
        _ = try await album(bytes: 1 << 20)
        let swarm = try await Swarm.seed("\(scratch.path)/in", pieceLength: 16384)
        try await swarm.torrent.setRateLimits(upload: 1 << 20, download: 0)
        let hash = swarm.torrent.infoHash
        var store = try await open(at: "127.0.0.2")
        var adding = StoredAdding()
        adding.isStarted = true
        try await store.add(
            .metainfo(swarm.created.metainfo), into: scratch.folder("out"), members: swarm.members,
            options: adding)
        try await progress(of: hash, in: store, to: 200_000)
        try await store.pause(hash)
        try await store.rename(hash, "in/c", to: "in/third")
        try await end(store)
        store = try await open(at: "127.0.0.2")
        #expect(await store.restore().isEmpty)
        #expect(await store.torrent(hash) == nil)
        try await store.rename(hash, "in/a", to: "in/first")
        try await store.rename(hash, file: 1, to: "in/second")
        for (name, code) in [("in/second", .fileExists), ("out", .invalidArgument)]
            as [(String, EngineError.Code)]
        {
            let error = await #expect(throws: EngineError.self) {
                try await store.rename(hash, file: 0, to: name)
            }
            #expect(error?.code == code)
        }
        let unknown = await #expect(throws: EngineError.self) {
            try await store.rename(hash, "in/a", to: "in/z")
        }
        #expect(unknown?.code == .noSuchFile)
        try await store.select(FileSelection(selecting: ["first"]), of: hash)
        #expect(await store.entry(hash)?.filePriorities == [4, 0, 0])
        try await store.select(FileSelection(), of: hash)
        try await swarm.torrent.setRateLimits(upload: 0, download: 0)
        let before = try await swarm.torrent.status().uploadedBytes
        try await store.resume(hash)
        let torrent = try #require(await store.torrent(hash))
        try await torrent.waitUntilFinished()
        #expect(try await swarm.torrent.status().uploadedBytes - before <= 3 << 20 - 200_000 + 16384)
        for (new, old) in [("first", "a"), ("second", "b"), ("third", "c")] {
            #expect(try scratch.contents("out/in/\(new)") == scratch.contents("in/\(old)"))
        }
        await eventually { scratch.tree("out") == ["in", "in/first", "in/second", "in/third"] }
        #expect(scratch.tree("out") == ["in", "in/first", "in/second", "in/third"])
        try await end(store)
        try await swarm.shutdown()
    }

    @Test("Before its metadata is known it has no files to rename")
    func withoutMetadata() async throws {
        let created = try await album()
        let store = try await open()
        var adding = StoredAdding()
        adding.isStarted = false
        let member = Member(try AddressRule(parsing: "127.0.0.9"), source: .inviteList)
        try await store.add(
            .infoHash(created.metainfo.infoHash), into: scratch.folder("out"), members: [member],
            options: adding)
        var error = await #expect(throws: EngineError.self) {
            try await store.rename(created.metainfo.infoHash, file: 0, to: "in/x")
        }
        #expect(error?.code == .wrongState)
        error = await #expect(throws: EngineError.self) {
            try await store.rename(InfoHash(parsing: String(repeating: "a", count: 40)), file: 0, to: "in/x")
        }
        #expect(error?.code == .torrentNotFound)
        try await end(store)
    }

    enum Moment: CaseIterable, Sendable { case noted, bothNames, leftName, renamed, otherThere, absent, came }

    @Test("Wherever a crash cut it off, the file is found, and has one name", arguments: Moment.allCases)
    func moments(_ moment: Moment) async throws {
        let created = try await album()
        let hash = created.metainfo.infoHash
        let (from, to) = ("\(scratch.path)/in/a", "\(scratch.path)/in/new/x")
        let isThere = moment != .absent && moment != .came
        let who = isThere ? try FileIdentity(of: from, operation: "") : nil
        if moment != .noted { _ = try scratch.folder("in/new") }
        switch moment {
        case .noted: break
        case .bothNames: try #require(link(from, to) == 0)
        case .leftName:
            try #require(link(from, to) == 0)
            try #require(rename(from, "\(scratch.path)/in/.removing-0123456789abcdef") == 0)
        case .renamed, .came: try #require(rename(from, to) == 0)
        case .otherThere: try scratch.file("in/new/x", bytes: 5)
        case .absent: try FileManager.default.removeItem(atPath: from)
        }
        let store = try await open()
        var entry = TorrentEntry(
            hash, role: .fetch, saveFolder: scratch.path, addedTime: UnixTime(milliseconds: 1))
        entry.isStarted = false
        try await store.put(entry, created.metainfo)
        try await store.update(hash) {
            $0.renaming = PendingRename(file: 0, from: "in/a", to: "in/new/x", who)
        }
        try await store.settleRenaming(hash)
        let isRenamed = ![.noted, .otherThere, .absent].contains(moment)
        #expect(await store.entry(hash)?.names == (isRenamed ? [0: "in/new/x"] : [:]))
        #expect(await (store.entry(hash)?.renaming == nil) == (moment != .absent))
        let found = try await PieceVerifier().verify(
            try #require(try await store.metainfo(hash)), in: scratch.path)
        #expect(found.badFiles.isEmpty == (moment != .absent))
        let tree = scratch.tree("in")
        if isRenamed { #expect(tree == ["b", "c", "new", "new/x"]) }
        if moment == .otherThere {
            #expect(try scratch.contents("in/new/x").count == 5 && tree.contains("a"))
        }
        if isRenamed { #expect(FileSystem.linkCount(of: to) == 1) }
        try await end(store)
    }

    @Test("Names are kept in the index, and what is no path below a folder is refused")
    func index() throws {
        let hash = try InfoHash(parsing: String(repeating: "a", count: 40))
        var entry = TorrentEntry(hash, role: .seed, saveFolder: "/x", addedTime: UnixTime(milliseconds: 1))
        entry.names = [0: "t/a", 17: "t/ä/b"]
        entry.renaming = PendingRename(file: 3, from: "t/c", to: "t/d", nil)
        var index = StateIndex()
        index.entries[hash] = entry
        let text = String(decoding: try index.encoded(), as: UTF8.self)
        #expect(text.contains(#""names":{"0":"t/a","17":"t/ä/b"}"#))
        #expect(try StateIndex(parsing: index.encoded()).entries == index.entries)
        for path in ["../a", "/a", "t//a", "t/./a", "", #"t/\u0000"#] {
            let bad = text.replacing("t/ä/b", with: path)
            #expect(code { try StateIndex(parsing: resealed(Array(bad.utf8))) } == .malformed, "\(path)")
            let worse = text.replacing("t/d", with: path)
            #expect(code { try StateIndex(parsing: resealed(Array(worse.utf8))) } == .malformed, "\(path)")
        }
        // As it was before there were names.
        let old = text.replacing(#""names":{"0":"t/a","17":"t/ä/b"},"#, with: "")
        #expect(try StateIndex(parsing: resealed(Array(old.utf8))).entries[hash]?.names == [:])
    }
}

import Foundation
import NodeInterface
import Testing
import TorrentEngine

@testable import PrivateTorrent

/// Restarts within one process: an engine and a store end, and others take up the directory.
@Suite(.timeLimit(.minutes(3)))
struct TorrentStoreTests {
    private let scratch: Scratch
    private var path: String { "\(scratch.path)/state" }

    init() throws { scratch = try Scratch() }

    private func open(at address: String = "127.0.0.1") async throws -> TorrentStore {
        try await TorrentStore.open(path, engine: Swarm.engine(address))
    }

    private func create(_ name: String, bytes: Int) async throws -> TorrentCreator.Created {
        var options = TorrentCreator.Options()
        options.pieceLengthBytes = 16384
        return try await TorrentCreator(options: options).create(of: scratch.file(name, bytes: bytes))
    }

    private func member(_ rule: String) throws -> Member {
        Member(try AddressRule(parsing: rule), source: .inviteList)
    }

    @Test("A seed is there after a restart, with its members, unhashed; after a crash too")
    func seed() async throws {
        let created = try await create("in", bytes: 300_000)
        var store = try await open()
        _ = try await Seeder(store: store).seed(
            created.metainfo, in: scratch.path, members: [member("127.0.0.2")])
        try await end(store)
        for isCrash in [false, true] {
            store = try await open()
            #expect(store.report.wasUnclean == false)
            let whole = try await store.whole(created.metainfo, in: scratch.path)
            guard case .complete = whole.content else {
                Issue.record("it would be hashed")
                return
            }
            #expect(await store.restore().isEmpty)
            let endpoint = try #require(await store.engine.listeningEndpoints.first)
            let engine = try await Swarm.engine("127.0.0.2")
            let result = try await Fetcher(engine: engine).fetch(
                FetchRequest(
                    .infoHash(created.metainfo.infoHash), into: scratch.folder("out-\(isCrash)"),
                    members: [Member(AddressRule(endpoint), source: .invite)]))
            #expect(result.downloadedBytes == 300_000)
            let stranger = try await Swarm.engine("127.0.0.3")
            let refused = try await stranger.add(
                created.metainfo.infoHash,
                options: AddOptions(
                    saveFolder: scratch.path, members: [Member(AddressRule(endpoint), source: .invite)]))
            try await refused.start(dialling: [endpoint])
            await #expect(throws: EngineError.self) {
                try await refused.metadata(within: .milliseconds(300))
            }
            try await stranger.shutdown()
            try await engine.shutdown()
            try await isCrash ? crash(store) : end(store)
        }
        store = try await open()
        #expect(store.report.wasUnclean)
        guard case .complete = try await store.whole(created.metainfo, in: scratch.path).content else {
            Issue.record("it would be hashed after a crash")
            return
        }
        // Touched: its pieces are hashed before they are sent. Cut: it is not taken up, and said so.
        try scratch.contents("in").write(to: URL(filePath: "\(scratch.path)/in"))
        guard
            case .completeVerifiedOnRead = try await store.whole(created.metainfo, in: scratch.path).content
        else {
            Issue.record("it would not be hashed")
            return
        }
        truncate("\(scratch.path)/in", 100_000)
        #expect(await store.restore()[created.metainfo.infoHash]?.code == .contentMismatch)
        #expect(await store.torrents.count == 1)
        try await end(store)
    }

    @Test(
        "A fetch goes on after a crash: nothing that was verified is fetched again, or trusted where it must not be"
    )
    func fetch() async throws {
        let swarm = try await Swarm.seed(scratch.file("in", bytes: 8 << 20), pieceLength: 16384)
        try await swarm.torrent.setRateLimits(upload: 3 << 20, download: 0)
        var store = try await open(at: "127.0.0.2")
        let folder = try scratch.folder("out")
        var request = FetchRequest(swarm.magnet, into: folder, members: try swarm.members)
        request.seedsAfterwards = true
        let hash = swarm.torrent.infoHash
        let (fetcher, first) = (Fetcher(store: store), request)
        let fetching = Task { try? await fetcher.fetch(first) }
        try await progress(of: hash, in: store, to: 2 << 20)
        try await store.save(hash)
        let saved = try #require(await store.running[hash]?.savedPieces)
        #expect(saved.reduce(0) { $0 + $1.nonzeroBitCount } * 16384 >= 2 << 20)
        try await progress(of: hash, in: store, to: 4 << 20)
        try await crash(store)
        _ = await fetching.value
        let onDisk = try await PieceVerifier().verify(swarm.created.metainfo, in: folder)

        store = try await open(at: "127.0.0.2")
        #expect(store.report.wasUnclean)
        let trusted = try await trusted(swarm.created.metainfo, in: folder, by: store)
        #expect(trusted == saved)
        let found = try await store.recover(swarm.created.metainfo, in: folder, progress: nil)
        #expect(found.pieces == onDisk.bitfield)
        #expect(found.bytes >= 4 << 20)

        try await swarm.torrent.setRateLimits(upload: 0, download: 0)
        let before = try await swarm.torrent.status().uploadedBytes
        #expect(await store.restore().isEmpty)
        let torrent = try #require(await store.running[hash]?.torrent)
        try await torrent.waitUntilFinished()
        let sent = try await swarm.torrent.status().uploadedBytes - before
        #expect(sent == (8 << 20) - onDisk.verifiedBytes)
        #expect(try scratch.contents("in") == scratch.contents("out/in"))

        // It is whole now, and a seed after the next restart.
        await waitUntilSaved(hash, pieces: 512, in: store)
        // Its record goes a moment after that.
        await eventually { scratch.tree("out") == ["in"] }
        try await end(store)
        store = try await open(at: "127.0.0.2")
        let whole = try await store.whole(swarm.created.metainfo, in: folder)
        guard case .complete = whole.content else {
            Issue.record("it would be hashed")
            return
        }
        #expect(await store.torrents.first?.isComplete == true)
        #expect(scratch.tree("out") == ["in"])
        try await end(store)
        try await swarm.shutdown()
    }

    @Test("What was saved is believed only of files that are what they were")
    func recovery() async throws {
        let fixture = try await StateFixture(scratch)
        let metainfo = fixture.created.metainfo
        let identities = fixture.created.identities
        let saved = SavedContent(
            saveFolder: scratch.path, identities: identities, resume: try fixture.resume)
        func trusted(_ now: [FileIdentity?], wasUnclean: Bool) -> Int {
            ContentRecovery(
                metainfo: metainfo, saved: saved, identities: now, wasUnclean: wasUnclean
            ).trusted.reduce(0) { $0 + $1.nonzeroBitCount }
        }
        func now() throws -> [FileIdentity?] {
            try FileSync().sync(metainfo, in: fixture.created.savePath ?? "", wanted: [])
        }
        #expect(trusted(identities, wasUnclean: false) == 13)
        // Piece 6 lies in both files.
        #expect(trusted([identities[0], nil], wasUnclean: true) == 6)
        // Written to, by us or another: after a crash nobody can tell.
        let b = "\(scratch.path)/in/b"
        let file = try #require(FileHandle(forWritingAtPath: b))
        try file.write(contentsOf: Data([0]))
        try file.close()
        #expect(try trusted(now(), wasUnclean: false) == 6)
        #expect(try trusted(now(), wasUnclean: true) == 13)
        // Cut in its middle.
        truncate(b, 50_000)
        #expect(try trusted(now(), wasUnclean: true) == 9)
        // Another file in its place.
        try FileManager.default.removeItem(atPath: b)
        try scratch.file("in/b", bytes: 100_000)
        let inPlace = try now()
        if inPlace[1]?.inode != identities[1]?.inode { #expect(trusted(inPlace, wasUnclean: true) == 6) }
        let none = ContentRecovery(
            metainfo: metainfo, saved: nil, identities: identities, wasUnclean: true)
        #expect(none.trusted == [0, 0])
    }

    @Test("Members, a pause and a removal are what they were after a crash that comes right after the call")
    func changes() async throws {
        let first = try await create("one", bytes: 50_000)
        let second = try await create("two", bytes: 50_000)
        var store = try await open()
        let seeder = Seeder(store: store)
        let (one, two) = (try member("127.0.0.2"), try member("127.0.0.3"))
        for created in [first, second] {
            _ = try await seeder.seed(created.metainfo, in: scratch.path, members: [one, two])
        }
        try await store.setMembers([two], of: first.metainfo.infoHash)
        try await store.pause(first.metainfo.infoHash)
        try await store.remove(second.metainfo.infoHash)
        try await crash(store)

        store = try await open()
        let entries = await store.torrents
        #expect(entries.map(\.infoHash) == [first.metainfo.infoHash])
        #expect(entries.first?.members == [two])
        #expect(store.report.problems.isEmpty)
        #expect(await store.restore().isEmpty)
        let torrent = try #require(await store.running[first.metainfo.infoHash]?.torrent)
        #expect(try await !torrent.status().isStarted)
        try await store.resume(first.metainfo.infoHash)
        #expect(try await torrent.status().isStarted)
        try await end(store)
        #expect(
            scratch.tree("state/torrents").sorted()
                == ["resume", "torrent"].map { "\(first.metainfo.infoHash).\($0)" })
    }

    @Test("A torrent that was moved is where it was moved to after a crash")
    func moved() async throws {
        let created = try await create("in", bytes: 50_000)
        let hash = created.metainfo.infoHash
        var store = try await open()
        _ = try await Seeder(store: store).seed(created.metainfo, in: scratch.path, members: [])
        let target = "\(scratch.path)/elsewhere"
        // What is not whole has a record beside it, which would stay.
        try await store.update(hash) { $0.isComplete = false }
        let error = await #expect(throws: EngineError.self) { try await store.move(hash, to: target) }
        #expect(error?.code == .wrongState && scratch.tree("elsewhere").isEmpty)
        try await store.update(hash) { $0.isComplete = true }
        #expect(try await store.move(hash, to: target).isEmpty)
        try await crash(store)
        store = try await open()
        #expect(await store.torrents.first?.saveFolder == target)
        guard case .complete = try await store.whole(created.metainfo, in: target).content else {
            Issue.record("it would be hashed")
            return
        }
        #expect(await store.restore().isEmpty)
        #expect(scratch.tree("elsewhere") == ["in"])
        try await end(store)
    }

    @Test("A fetch without metadata is there after a crash, and begins again")
    func withoutMetadata() async throws {
        let created = try await create("in", bytes: 50_000)
        var store = try await open(at: "127.0.0.2")
        let request = FetchRequest(
            .infoHash(created.metainfo.infoHash), into: try scratch.folder("out"),
            members: [try member("127.0.0.1:9")])
        let fetcher = Fetcher(store: store)
        let (updates, update) = AsyncStream.makeStream(of: FetchUpdate.self)
        let fetching = Task { try? await fetcher.fetch(request) { update.yield($0) } }
        for await case .started in updates { break }
        try await crash(store)
        _ = await fetching.value

        store = try await open(at: "127.0.0.2")
        #expect(await store.torrents.first?.members == request.members)
        #expect(await store.restore().isEmpty)
        #expect(await store.running[created.metainfo.infoHash] != nil)
        try await end(store)
    }

    @Test("A fetch that was cancelled is paused, and one that cannot be is not kept")
    func endedFetches() async throws {
        let swarm = try await Swarm.seed(scratch.file("in", bytes: 200_000), pieceLength: 16384)
        let store = try await open(at: "127.0.0.2")
        let fetcher = Fetcher(store: store)
        try scratch.file("taken/in", bytes: 5)
        await #expect(throws: EngineError.self) {
            try await fetcher.fetch(
                FetchRequest(swarm.magnet, into: scratch.folder("taken"), members: swarm.members))
        }
        #expect(await store.torrents.isEmpty)
        #expect(try scratch.contents("taken/in").count == 5)

        try await swarm.torrent.setRateLimits(upload: 16384, download: 0)
        let request = FetchRequest(swarm.magnet, into: try scratch.folder("out"), members: try swarm.members)
        let (updates, update) = AsyncStream.makeStream(of: FetchUpdate.self)
        let fetching = Task { try? await fetcher.fetch(request) { update.yield($0) } }
        for await case .metadata in updates { break }
        fetching.cancel()
        _ = await fetching.value
        #expect(await store.torrents.first?.isStarted == false)
        try await swarm.torrent.setRateLimits(upload: 0, download: 0)
        _ = try await fetcher.fetch(request)
        #expect(await store.torrents.isEmpty)
        #expect(scratch.tree("state/torrents").isEmpty)
        #expect(try scratch.contents("in") == scratch.contents("out/in"))
        try await end(store)
        try await swarm.shutdown()
    }

    @Test("What is not durable is not claimed: where a file cannot be synced, the last good claim stays")
    func order() async throws {
        let fixture = try await StateFixture(scratch)
        try await fixture.write([fixture.entry])
        let directory = try StateDirectory.open(fixture.path).directory
        let hash = fixture.entry.infoHash
        let good = try scratch.contents("state/torrents/\(hash).resume")
        let save = ContentSave(
            directory: directory, infoHash: hash, saveFolder: scratch.path, savedPieces: nil,
            isVerifiedOnRead: false)
        try FileManager.default.removeItem(atPath: "\(scratch.path)/in/b")
        await #expect(throws: EngineError.self) { try await save.run(fixture.blob) }
        #expect(try scratch.contents("state/torrents/\(hash).resume") == good)
        // Of a file of which nothing new is claimed, nothing is to be synced.
        let again = ContentSave(
            directory: directory, infoHash: hash, saveFolder: scratch.path,
            savedPieces: .allPieces(13), isVerifiedOnRead: false)
        #expect(try await again.run(fixture.blob)?.count == 13)
    }

    @Test("An end that saves in time is clean; what is not saved is named, and the next start looks")
    func shutdown() async throws {
        let created = try await create("in", bytes: 50_000)
        var store = try await open()
        let hash = created.metainfo.infoHash
        _ = try await Seeder(store: store).seed(created.metainfo, in: scratch.path, members: [])
        try await store.engine.shutdown()
        await store.change(hash)
        #expect(await store.shutdown() == [hash])
        store = try await open()
        #expect(store.report.wasUnclean)
        try await end(store)
        store = try await open()
        #expect(!store.report.wasUnclean)
        try await end(store)
    }

    @Test("A broken torrent among others costs only itself")
    func broken() async throws {
        var store = try await open()
        var hashes: [InfoHash] = []
        for name in ["first", "second", "third"] {
            let created = try await create(name, bytes: 30_000)
            hashes.append(created.metainfo.infoHash)
            _ = try await Seeder(store: store).seed(
                created.metainfo, in: scratch.path, members: [member("127.0.0.2")])
        }
        try await end(store)
        let file = "\(path)/torrents/\(hashes[1]).torrent"
        try Data("no torrent".utf8).write(to: URL(filePath: file))
        store = try await open()
        let failures = await store.restore()
        #expect(failures.keys.map { $0 } == [hashes[1]])
        #expect(await store.running.count == 2)
        #expect(await store.torrents.count == 3)
        #expect(scratch.tree("state/quarantine") == ["\(hashes[1]).torrent.1"])
        try await end(store)
    }

    // MARK: - Waiting

    @Test("A fetch that has not reached the engine ends when its torrent is paused or removed")
    func endOnTheWay() async throws {
        let store = try await open()
        let listed = try member("127.0.0.9:9")
        var paused = StoredAdding()
        paused.isStarted = false
        for isRemoved in [false, true] {
            let infoHash = try InfoHash(parsing: String(repeating: isRemoved ? "b" : "a", count: 40))
            try await store.add(.infoHash(infoHash), into: scratch.path, members: [listed], options: paused)
            let fetch = Task { _ = try? await Task.sleep(for: .seconds(600)) }
            await store.pretend(fetch, fetches: infoHash)
            if isRemoved { try await store.remove(infoHash) } else { try await store.pause(infoHash) }
            #expect(fetch.isCancelled)
        }
        #expect(await store.torrents.map(\.isStarted) == [false])
        try await end(store)
    }

    private func waitUntilSaved(_ infoHash: InfoHash, pieces: Int, in store: TorrentStore) async {
        let events = store.events()
        if await store.torrents.first(where: { $0.infoHash == infoHash })?.isComplete == true { return }
        for await case .saved(infoHash, pieces) in events { return }
    }

    private func trusted(
        _ metainfo: Metainfo, in folder: String, by store: TorrentStore
    ) async throws -> [UInt8] {
        var report = store.report
        return ContentRecovery(
            metainfo: metainfo, saved: store.directory.content(of: metainfo, &report),
            identities: try FileSync().sync(metainfo, in: folder, wanted: []), wasUnclean: true
        ).trusted
    }
}

extension TorrentStore {
    /// As if more had come.
    func change(_ infoHash: InfoHash) {
        running[infoHash]?.hasChanged = true
        running[infoHash]?.savedPieces = nil
    }

    func pretend(_ fetch: Task<Void, Never>, fetches infoHash: InfoHash) { fetching[infoHash] = fetch }
}

func progress(of infoHash: InfoHash, in store: TorrentStore, to bytes: UInt64) async throws {
    while true {
        let status = try? await store.running[infoHash]?.torrent.status()
        if let status, status.verifiedBytes >= bytes { return }
        try await Task.sleep(for: .milliseconds(5))
    }
}

/// As a crash does it: nothing is saved any more, and the directory is free.
func crash(_ store: TorrentStore) async throws {
    try await store.engine.shutdown()
    store.directory.unlock()
}

func end(_ store: TorrentStore) async throws {
    #expect(await store.shutdown() == [])
    try await store.engine.shutdown()
}

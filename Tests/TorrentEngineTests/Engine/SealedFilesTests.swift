import Foundation
import Testing

@testable import TorrentEngine

/// What somebody does to a shared file.
enum Change: String, CaseIterable, Sendable {
    case link, otherFile, folder, fifo, gone, cut, grown, rewritten, touched, mode, hardLink, movedAndBack
    case folderAboveIsLink

    func apply(to file: String, secret: String, aside: String) throws {
        let manager = FileManager.default
        func run(_ result: Int32) throws {
            if result != 0 { throw POSIXError(.init(rawValue: errno) ?? .EIO) }
        }
        switch self {
        case .link:
            try run(rename(file, aside))
            try run(symlink(secret, file))
        case .otherFile:
            try manager.copyItem(atPath: secret, toPath: aside)
            try run(rename(aside, file))
        case .folder:
            try run(unlink(file))
            try run(mkdir(file, 0o755))
        case .fifo:
            try run(unlink(file))
            try run(mkfifo(file, 0o644))
        case .gone: try run(unlink(file))
        case .cut: try run(truncate(file, 1000))
        case .grown: try run(truncate(file, 1 << 20))
        case .rewritten:
            let handle = try #require(FileHandle(forUpdatingAtPath: file))
            try handle.write(contentsOf: Data(contentsOf: URL(fileURLWithPath: secret)))
            try handle.close()
        case .touched: try run(utimes(file, nil))
        case .mode: try run(chmod(file, 0o600))
        case .hardLink: try run(Glibc.link(file, aside))
        case .movedAndBack:
            try run(rename(file, aside))
            try run(rename(aside, file))
        case .folderAboveIsLink:
            let folder = (file as NSString).deletingLastPathComponent
            try run(rename(folder, aside))
            try run(symlink((secret as NSString).deletingLastPathComponent, folder))
        }
    }
}

@Suite(.timeLimit(.minutes(5)))
struct SealedFilesTests {
    /// A seed of `album/sub/one` (20,000 bytes) and `album/sub/two` (80,000), whose second block spans both, and a
    /// secret beside it under the same names.
    private struct Seed {
        let fixture: EngineFixture
        let torrent: Torrent
        let content: [UInt8]
        let secret: [UInt8]
        let metainfo: Metainfo
        let events: EngineEvents

        var file: String { fixture.folder.full("album/sub/two") }

        init(
            content kind: AddOptions.Content = .complete, knowsIdentities: Bool = true, starting: Bool = true
        ) async throws {
            fixture = try await EngineFixture()
            content = noise(100_000, seed: 7)
            secret = [UInt8](repeating: 0x53, count: 80_000)
            let folder = fixture.folder
            try folder.write("album/sub/one", Array(content[..<20_000]))
            try folder.write("album/sub/two", Array(content[20_000...]))
            try folder.write("secrets/one", Array(secret[..<20_000]))
            try folder.write("secrets/two", secret)
            var options = TorrentCreator.Options()
            options.pieceLengthBytes = 32768
            let created = try await TorrentCreator(options: options).create(of: folder.full("album"))
            metainfo = created.metainfo
            events = fixture.engine.events()
            torrent = try await fixture.engine.add(
                created.metainfo,
                options: AddOptions(
                    saveFolder: folder.path, members: EngineFixture.members(["127.0.0.0/24"]), content: kind,
                    identities: knowsIdentities ? created.identities : []))
            guard starting else { return }
            try await torrent.start()
            try await torrent.waitUntilFinished()
        }

        func apply(_ change: Change) throws {
            let folder = fixture.folder
            try change.apply(to: file, secret: folder.full("secrets/two"), aside: folder.full("aside"))
        }

        func reader(from source: String = "127.0.0.2") async throws -> BlockReader? {
            let (torrent, endpoint) = (torrent, fixture.endpoint)
            return try await onThread {
                try BlockReader(of: torrent, pieceLength: 32768, from: source, at: endpoint)
            }
        }

        /// Asks for all of it, and finds wrong whatever is not the content.
        func expectNothingWrong(_ reader: BlockReader?) async throws {
            guard let reader else { return }
            let size = content.count
            let blocks = try await onThread { reader.all(of: size) }
            for (index, block) in blocks.enumerated() {
                guard let block else { continue }
                let start = index * BlockReader.blockLength
                #expect(block == Array(content[start..<start + block.count]), "block \(index)")
                #expect(!block.contains(secret.prefix(64)), "the secret was sent in block \(index)")
            }
        }

        /// - Parameter change: Where a whole folder was swapped, either file of it may be missed first: a look at the files
        ///   may have been under way.
        func expectChanged(by change: Change? = nil) async throws {
            let error = try await storageError(in: events, of: torrent)
            #expect(error.code == .contentChanged, "\(error)")
            let one = fixture.folder.full("album/sub/one")
            #expect(error.path == file || (change == .folderAboveIsLink && error.path == one))
            #expect(error.remedy != nil)
            #expect(try await torrent.status().state == .failed)
        }
    }

    @Test("What is swapped under a seed is not sent, and stops it", arguments: Change.allCases)
    func swapped(_ change: Change) async throws {
        let seed = try await Seed()
        let reader = try #require(try await seed.reader())
        let whole = try await onThread { reader.all(of: 100_000) }
        #expect(whole.compactMap(\.self).flatMap(\.self) == seed.content)
        try seed.apply(change)
        try await seed.expectNothingWrong(reader)
        try await seed.expectChanged(by: change)
        #expect(try await seed.torrent.peers().isEmpty)
        try await seed.fixture.engine.shutdown()
    }

    @Test("The same while it is stopped, and at the next start", arguments: Change.allCases)
    func swappedWhileStopped(_ change: Change) async throws {
        let seed = try await Seed(knowsIdentities: false)
        try await seed.torrent.stop()
        try seed.apply(change)
        try await seed.torrent.start()
        try await seed.expectNothingWrong(try? seed.reader())
        try await seed.expectChanged(by: change)
        try await seed.expectNothingWrong(try? seed.reader())
        try await seed.fixture.engine.shutdown()
    }

    @Test("A change is found without anybody reading")
    func found() async throws {
        let seed = try await Seed()
        try seed.apply(.touched)
        try await seed.expectChanged()
        try await seed.fixture.engine.shutdown()
    }

    @Test(
        "What changed between hashing and adding is not seeded", arguments: [Change.link, .rewritten, .gone])
    func changedBeforeAdding(_ change: Change) async throws {
        let seed = try await Seed(starting: false)
        try await seed.torrent.remove()
        let identities = try seed.metainfo.files.map { file in
            var info = stat()
            try #require(stat(seed.fixture.folder.full(file.path), &info) == 0)
            return FileIdentity(info)
        }
        try seed.apply(change)
        let torrent = try await seed.fixture.engine.add(
            seed.metainfo,
            options: AddOptions(
                saveFolder: seed.fixture.folder.path, members: EngineFixture.members(["127.0.0.2"]),
                content: .complete, identities: identities))
        let error = await #expect(throws: EngineError.self) {
            try await torrent.start()
            try await torrent.waitUntilFinished(within: .seconds(30))
        }
        #expect(error?.code == .contentChanged, "\(String(describing: error))")
        #expect(error?.path == seed.file)
        let few = await #expect(throws: EngineError.self) {
            try await torrent.remove()
            _ = try await seed.fixture.engine.add(
                seed.metainfo,
                options: AddOptions(saveFolder: seed.fixture.folder.path, identities: [identities[0]]))
        }
        #expect(few?.code == .invalidArgument)
        try await seed.fixture.engine.shutdown()
    }

    @Test("What is put back as it was can be started again")
    func putBack() async throws {
        let seed = try await Seed()
        try seed.apply(.folderAboveIsLink)
        let folder = seed.fixture.folder
        try await seed.expectChanged(by: .folderAboveIsLink)
        try #require(unlink(folder.full("album/sub")) == 0)
        try #require(rename(folder.full("aside"), folder.full("album/sub")) == 0)
        try await seed.torrent.start()
        #expect(try await seed.torrent.status().state == .seeding)
        let reader = try #require(try await seed.reader())
        let whole = try await onThread { reader.all(of: 100_000) }
        #expect(whole.compactMap(\.self).flatMap(\.self) == seed.content)
        try await seed.fixture.engine.shutdown()
    }

    @Test("A seed that verifies what it reads hashes the very file that it sends")
    func verifiedOnRead() async throws {
        let seed = try await Seed(content: .completeVerifiedOnRead)
        let reader = try #require(try await seed.reader())
        let first = try await onThread { reader.block(at: 0) }
        #expect(first == Array(seed.content.prefix(BlockReader.blockLength)))
        try seed.apply(.link)
        try await seed.expectNothingWrong(reader)
        try await seed.expectChanged()
        try await seed.fixture.engine.shutdown()
    }
}

/// The next storage error of a torrent; fails the test where none comes in half a minute.
func storageError(in events: EngineEvents, of torrent: Torrent) async throws -> EngineError {
    try await withThrowingTaskGroup(of: EngineError?.self) { group in
        group.addTask {
            for await event in events where event.torrent == torrent.id {
                if case .storageError(let error) = event.kind { return error }
            }
            return nil
        }
        group.addTask {
            try await Task.sleep(for: .seconds(30))
            return nil
        }
        defer { group.cancelAll() }
        return try #require(try await group.next() ?? nil, "no storage error was told of")
    }
}

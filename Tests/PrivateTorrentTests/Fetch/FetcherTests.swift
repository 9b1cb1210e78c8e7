import Foundation
import NodeInterface
import Testing
import TorrentEngine

@testable import PrivateTorrent

@Suite(.timeLimit(.minutes(2)))
struct FetcherTests {
    @Test("A magnet invite alone brings a whole folder over, verified")
    func folderByMagnet() async throws {
        let scratch = try Scratch()
        try scratch.file("in/Größe/数据.bin", bytes: 300_000)
        try scratch.file("in/a", bytes: 1)
        try scratch.file("in/empty", bytes: 0)
        let swarm = try await Swarm.seed("\(scratch.path)/in")
        let engine = try await Swarm.engine("127.0.0.2")
        let result = try await Fetcher(engine: engine).fetch(
            FetchRequest(swarm.magnet, into: scratch.folder("out"), members: swarm.members))
        #expect(scratch.tree("out") == ["in", "in/Größe", "in/Größe/数据.bin", "in/a", "in/empty"].sorted())
        for file in ["Größe/数据.bin", "a", "empty"] {
            #expect(try scratch.contents("in/\(file)") == scratch.contents("out/in/\(file)"))
        }
        #expect(result.downloadedBytes == 300_001)
        #expect(result.reusedBytes == 0)
        #expect(
            result.files.map(\.relativePath).sorted() == ["in/Größe/数据.bin", "in/a", "in/empty"].sorted())
        try await engine.shutdown()
        try await swarm.shutdown()
    }

    @Test("A seed that goes down half-way loses nothing: what was verified is not fetched again")
    func continued() async throws {
        let scratch = try Scratch()
        let swarm = try await Swarm.seed(scratch.file("in", bytes: 8 << 20), pieceLength: 16384)
        try await swarm.torrent.setRateLimits(upload: 2 << 20, download: 0)
        let engine = try await Swarm.engine("127.0.0.2")
        let folder = try scratch.folder("out")
        let request = FetchRequest(swarm.magnet, into: folder, members: try swarm.members)
        let (updates, update) = AsyncStream.makeStream(of: FetchUpdate.self)
        let interrupted = Task { () async -> EngineError? in
            do throws(EngineError) {
                _ = try await Fetcher(engine: engine).fetch(request) { update.yield($0) }
                return nil
            } catch {
                return error
            }
        }
        for await update in updates {
            if case .progress(let status) = update, status.verifiedBytes > 1 << 20 { break }
        }
        interrupted.cancel()
        #expect(await interrupted.value?.code == .cancelled)
        #expect(scratch.tree("out").sorted() == [".in.fetch", ".in.fetch/metadata.torrent", "in"])

        try await swarm.torrent.setRateLimits(upload: 0, download: 0)
        let result = try await Fetcher(engine: engine).fetch(request)
        #expect(result.reusedBytes > 1 << 20)
        #expect(result.downloadedBytes + result.reusedBytes == 8 << 20)
        #expect(try scratch.contents("in") == scratch.contents("out/in"))
        #expect(scratch.tree("out") == ["in"])
        try await engine.shutdown()
        try await swarm.shutdown()
    }

    @Test("What stands in the way stays untouched; adopting takes what verifies")
    func inTheWay() async throws {
        let scratch = try Scratch()
        let swarm = try await Swarm.seed(scratch.file("in/x", bytes: 100_000), pieceLength: 16384)
        var there = try scratch.contents("in/x")
        there[20_000] ^= 1
        there.append(contentsOf: [1, 2, 3])
        _ = try scratch.folder("out")
        try there.write(to: URL(filePath: "\(scratch.path)/out/x"))
        let engine = try await Swarm.engine("127.0.0.2")
        for reference in [swarm.magnet, .metainfo(swarm.created.metainfo)] {
            let error = await #expect(throws: EngineError.self) {
                try await Fetcher(engine: engine).fetch(
                    FetchRequest(reference, into: "\(scratch.path)/out", members: swarm.members))
            }
            #expect(error?.code == .fileExists)
        }
        #expect(try scratch.contents("out/x") == there)
        #expect(scratch.tree("out") == ["x"])
        let result = try await Fetcher(engine: engine).fetch(
            FetchRequest(
                swarm.magnet, into: "\(scratch.path)/out", members: swarm.members, adoptsExisting: true))
        #expect(result.downloadedBytes == 16384)
        #expect(result.reusedBytes == 100_000 - 16384)
        #expect(try scratch.contents("out/x") == scratch.contents("in/x"))
        try await engine.shutdown()
        try await swarm.shutdown()
    }

    @Test("A symbolic link inside what is adopted is refused, and its target stays as it was")
    func linkInTheWay() async throws {
        let scratch = try Scratch()
        try scratch.file("in/T/f", bytes: 1000)
        let swarm = try await Swarm.seed("\(scratch.path)/in/T")
        try scratch.file("victim", bytes: 10)
        _ = try scratch.folder("out/T")
        try FileManager.default.createSymbolicLink(
            atPath: "\(scratch.path)/out/T/f", withDestinationPath: "\(scratch.path)/victim")
        let victim = try scratch.contents("victim")
        let engine = try await Swarm.engine("127.0.0.2")
        let error = await #expect(throws: EngineError.self) {
            try await Fetcher(engine: engine).fetch(
                FetchRequest(
                    swarm.magnet, into: "\(scratch.path)/out", members: swarm.members, adoptsExisting: true))
        }
        #expect(error?.code == .fileExists)
        #expect(try scratch.contents("victim") == victim)
        try await engine.shutdown()
        try await swarm.shutdown()
    }

    @Test("No member is an error at once; nobody there is one when the time is up, and says so")
    func nobody() async throws {
        let scratch = try Scratch()
        let engine = try await Engine.start()
        let reference = TorrentReference.infoHash(try InfoHash(parsing: String(repeating: "a", count: 40)))
        let none = await #expect(throws: EngineError.self) {
            try await Fetcher(engine: engine).fetch(FetchRequest(reference, into: scratch.path, members: []))
        }
        #expect(none?.code == .noMember)
        let member = Member(try AddressRule(parsing: "127.0.0.1:1"), source: .inviteList)
        let late = await #expect(throws: EngineError.self) {
            try await Fetcher(engine: engine).fetch(
                FetchRequest(reference, into: scratch.path, members: [member], timeout: .seconds(2)))
        }
        #expect(late?.code == .timedOut)
        #expect(late?.reason.contains("nobody listens at 127.0.0.1:1") == true)
        try await engine.shutdown()
    }

    /// `.. ` as a name, which the engine leaves as it is: a symbolic link of that name must not lead anywhere.
    @Test("Names that were cleaned are never used as they came, not even for a moment")
    func hostileNames() async throws {
        let hello: [UInt8] = [
            0xaa, 0xf4, 0xc6, 0x1d, 0xdc, 0xc5, 0xe8, 0xa2, 0xda, 0xbe, 0xde, 0x0f, 0x3b, 0x48, 0x2c, 0xd9,
            0xae, 0xa9,
            0x43, 0x4d,
        ]
        let torrent =
            Array(
                "d4:infod5:filesld6:lengthi5e4:pathl1:aeed6:lengthi0e4:pathl1:eeee4:name3:.. 12:piece lengthi16384e6:pieces20:"
                    .utf8) + hello + Array("ee".utf8)
        let metainfo = try Metainfo(bytes: torrent)
        #expect(metainfo.name == "_")
        let scratch = try Scratch()
        try Data("hello".utf8).write(to: URL(filePath: scratch.folder("in/_") + "/a"))
        try scratch.file("in/_/e", bytes: 0)
        let seed = try await Swarm.engine("127.0.0.1")
        let member = Member(try AddressRule(parsing: "127.0.0.2"), source: .inviteList)
        _ = try await Seeder(engine: seed).seed(metainfo, in: "\(scratch.path)/in", members: [member])

        try scratch.file("victim/a", bytes: 5)
        let victim = try scratch.contents("victim/a")
        _ = try scratch.folder("out")
        try FileManager.default.createSymbolicLink(
            atPath: "\(scratch.path)/out/.. ", withDestinationPath: "\(scratch.path)/victim")
        let engine = try await Swarm.engine("127.0.0.2")
        let endpoint = try #require(await seed.listeningEndpoints.first)
        let members = [Member(try AddressRule(endpoint), source: .invite)]
        _ = try await Fetcher(engine: engine).fetch(
            FetchRequest(.infoHash(metainfo.infoHash), into: "\(scratch.path)/out", members: members))
        #expect(try scratch.contents("victim/a") == victim)
        #expect(scratch.tree("victim") == ["a"])
        #expect(scratch.tree("out").sorted() == [".. ", "_", "_/a", "_/e"])
        #expect(try scratch.contents("out/_/a") == Data("hello".utf8))
        try await engine.shutdown()
        try await seed.shutdown()
    }

    @Test("A second fetch into the same place is refused while the first runs")
    func twoAtOnce() async throws {
        let scratch = try Scratch()
        let swarm = try await Swarm.seed(scratch.file("in", bytes: 4 << 20), pieceLength: 16384)
        try await swarm.torrent.setRateLimits(upload: 1 << 20, download: 0)
        let request = FetchRequest(swarm.magnet, into: try scratch.folder("out"), members: try swarm.members)
        let engine = try await Swarm.engine("127.0.0.2")
        let (updates, update) = AsyncStream.makeStream(of: FetchUpdate.self)
        let first = Task { try await Fetcher(engine: engine).fetch(request) { update.yield($0) } }
        for await update in updates { if case .metadata = update { break } }
        let other = try await Swarm.engine("127.0.0.2")
        let error = await #expect(throws: EngineError.self) {
            try await Fetcher(engine: other).fetch(request)
        }
        #expect(error?.code == .fileExists)
        try await swarm.torrent.setRateLimits(upload: 0, download: 0)
        _ = try await first.value
        #expect(try scratch.contents("in") == scratch.contents("out/in"))
        #expect(scratch.tree("out") == ["in"])
        try await other.shutdown()
        try await engine.shutdown()
        try await swarm.shutdown()
    }
}

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
}

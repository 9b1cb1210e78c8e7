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
        #expect(result.files.map(\.relativePath).sorted() == ["in/Größe/数据.bin", "in/a", "in/empty"].sorted())
        print("elapsed", result.elapsed)
        try await engine.shutdown()
        try await swarm.shutdown()
    }
}

import Foundation
import PrivateTorrentTesting
import Testing
import TorrentEngine

@testable import PrivateTorrent

@Suite(.timeLimit(.minutes(2)))
struct ScrubberTests {
    @Test(
        "A pass names what has rotted and what is gone, and goes on with the rest; the next comes after the rest"
    )
    func passes() async throws {
        let scratch = try Scratch()
        var items: [Scrubber.Item] = []
        for name in ["good", "rotten", "gone"] {
            let folder = scratch.path + "/" + name
            try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
            var bytes = [UInt8](repeating: UInt8(name.count), count: 50_000)
            try Data(bytes).write(to: URL(fileURLWithPath: folder + "/file"))
            let metainfo = try await TorrentCreator().create(of: folder + "/file").metainfo
            bytes[20_000] ^= 1
            if name == "rotten" { try Data(bytes).write(to: URL(fileURLWithPath: folder + "/file")) }
            items.insert(
                Scrubber.Item(metainfo: metainfo, folder: name == "gone" ? folder + "-" : folder), at: 0)
        }
        let (findings, continuation) = AsyncStream<Scrubber.Finding>.makeStream()
        let clock = TestClock()
        let scrubber = Scrubber(pace: HashPace(), rest: .seconds(3600), clock: clock)
        let all = items
        let running = Task {
            await scrubber.run(items: { all }, found: { continuation.yield($0) })
            continuation.finish()
        }
        var iterator = findings.makeAsyncIterator()
        for _ in 0..<2 {
            let gone = try #require(await iterator.next())
            #expect(!gone.isGood)
            #expect(throws: EngineError.self) { try gone.result.get() }
            let rotten = try #require(await iterator.next())
            #expect(try rotten.result.get().badFiles.map(\.pieces) == [[1]] && !rotten.isGood)
            let good = try #require(await iterator.next())
            #expect(good.isGood && good.item.folder == scratch.path + "/good")
            await clock.waitForSleepers()
            clock.advance(by: .seconds(3600))
        }
        running.cancel()
        while await iterator.next() != nil {}
        await running.value
    }
}

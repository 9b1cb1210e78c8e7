import Testing
import TorrentEngine

@testable import PrivateTorrent

@Suite(.timeLimit(.minutes(2)))
struct StoredSelectionTests {
    @Test("A choice of files is kept over a restart")
    func kept() async throws {
        let scratch = try Scratch()
        for name in ["a", "b", "c"] { try scratch.file("in/\(name)", bytes: 100_000) }
        let swarm = try await Swarm.seed("\(scratch.path)/in", pieceLength: 16384)
        let infoHash = swarm.torrent.infoHash
        var request = FetchRequest(
            swarm.magnet, into: try scratch.folder("out"), members: try swarm.members,
            selection: FileSelection(selecting: ["b"]))
        request.seedsAfterwards = true
        for isRestart in [false, true] {
            let store = try await TorrentStore.open(
                "\(scratch.path)/state", engine: Swarm.engine("127.0.0.2"))
            if isRestart {
                #expect(await store.restore().isEmpty)
            } else {
                _ = try await Fetcher(store: store).fetch(request)
            }
            #expect(await store.entry(infoHash)?.filePriorities == [0, 4, 0])
            let torrent = try #require(await store.torrent(infoHash))
            try await torrent.waitUntilFinished()
            #expect(try await torrent.status().state == .finished)
            #expect(try await torrent.files().map(\.priority) == [0, 4, 0])
            #expect(try scratch.contents("out/in/b") == scratch.contents("in/b"))
            #expect(await store.shutdown() == [])
            try await store.engine.shutdown()
        }
        try await swarm.shutdown()
    }
}

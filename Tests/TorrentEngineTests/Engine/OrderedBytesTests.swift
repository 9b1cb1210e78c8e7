import Foundation
import Testing

@testable import TorrentEngine

@Suite(.timeLimit(.minutes(2)))
struct OrderedBytesTests {
    @Test("The content comes in order while it arrives, and the pieces are fetched in order too")
    func inOrder() async throws {
        // While nobody waits for a piece they come in any order, and so they do where the test gets no turn: again then.
        var mostGaps = try await gapsWhileReading()
        for _ in 0..<3 where mostGaps >= 24 { mostGaps = min(mostGaps, try await gapsWhileReading()) }
        #expect(mostGaps < 24)
    }

    /// Reads all of it while it comes: how many pieces were missing at most below one that was there.
    private func gapsWhileReading() async throws -> Int {
        let pair = try await ReadingPair(bytes: 3 << 20, rate: 1 << 20, dials: false)
        // Once it is asked for: what came before that came in any order.
        let starting = Task {
            while await pair.engine.openReads(of: pair.torrent.id) == 0 { await Task.yield() }
            try await pair.torrent.start(dialling: [pair.endpoint])
        }
        var read: [UInt8] = []
        var mostGaps = 0
        var wasComplete = true
        for try await chunk in pair.torrent.bytes(of: pair.metainfo) {
            read += chunk
            let verified = try await pair.verifiedPieces()
            if read.count == chunk.count { wasComplete = !verified.contains(false) }
            let highest = verified.lastIndex(of: true) ?? 0
            mostGaps = max(mostGaps, verified[..<highest].count { !$0 })
        }
        #expect(read == pair.content)
        #expect(!wasComplete)
        try await starting.value
        try await pair.shutdown()
        return mostGaps
    }

    @Test("A range is read before what lies around it", arguments: [(5_000_001, 5_100_000), (0, 1), (7, 7)])
    func range(_ from: Int, _ to: Int) async throws {
        let pair = try await ReadingPair(bytes: 6 << 20, rate: 512 << 10, dials: false)
        let bytes = pair.torrent.bytes(of: pair.metainfo, in: UInt64(from)..<UInt64(to))
        let reading = Task {
            var read: [UInt8] = []
            for try await chunk in bytes { read += chunk }
            return read
        }
        while from < to, await pair.engine.openReads(of: pair.torrent.id) == 0 { await Task.yield() }
        try await pair.torrent.start(dialling: [pair.endpoint])
        #expect(try await reading.value == Array(pair.content[from..<to]))
        #expect(try await pair.torrent.status().verifiedPieces < pair.metainfo.pieceCount / 2)
        try await pair.shutdown()
    }

    @Test("What is on disk already is read, file by file")
    func complete() async throws {
        let folder = try TemporaryFolder()
        let files = [("d/a", noise(100_001, seed: 3)), ("d/b", []), ("d/c", noise(70_000, seed: 4))]
        for (name, bytes) in files { try folder.write(name, bytes) }
        let metainfo = try await TorrentCreator().create(of: folder.full("d")).metainfo
        let engine = try await Engine.start()
        let torrent = try await engine.add(
            metainfo, options: AddOptions(saveFolder: folder.path, content: .complete))
        for (name, bytes) in files {
            let file = try #require(metainfo.files.first { $0.path == name })
            var read: [UInt8] = []
            for try await chunk in torrent.bytes(of: file, in: metainfo) { read += chunk }
            #expect(read == bytes)
        }
        try await engine.shutdown()
    }

    @Test("A reader that does not go on holds no more than its read-ahead, while the download does")
    func backPressure() async throws {
        let pair = try await ReadingPair(bytes: 4 << 20, rate: 0)
        var reader = pair.torrent.bytes(of: pair.metainfo, readAhead: 256 << 10).makeAsyncIterator()
        var read = try await reader.next() ?? []
        try await pair.torrent.waitUntilFinished()
        // One piece is taken, and what was asked for is all that may be held.
        #expect(pair.engine.pieceData.count <= (256 << 10) / pair.metainfo.pieceLengthBytes)
        while let chunk = try await reader.next() { read += chunk }
        #expect(read == pair.content)
        #expect(pair.engine.pieceData.count == 0)
        try await pair.shutdown()
    }

    @Test("A reader ends with its task, its torrent and its engine, each with its error")
    func ends() async throws {
        let pair = try await ReadingPair(bytes: 1 << 20, rate: 0, dials: false)
        func reading() -> Task<EngineError?, Never> {
            let bytes = pair.torrent.bytes(of: pair.metainfo)
            return Task {
                do throws(EngineError) {
                    var reader = bytes.makeAsyncIterator()
                    _ = try await reader.next()
                    return nil
                } catch { return error }
            }
        }
        let cancelled = reading()
        cancelled.cancel()
        #expect(await cancelled.value?.code == .cancelled)

        // Those that are given up leave nothing open: the limit of 4,096 would be met otherwise.
        for _ in 0..<400 {
            let given = reading()
            given.cancel()
            #expect(await given.value?.code == .cancelled)
        }

        let orphan = reading()
        while await pair.engine.openReads(of: pair.torrent.id) == 0 { await Task.yield() }
        try await pair.torrent.remove()
        #expect(await orphan.value?.code == .torrentNotFound)

        let magnet = try await pair.engine.add(
            InfoHash(parsing: String(repeating: "3", count: 40)),
            options: AddOptions(saveFolder: pair.folder.path))
        var early = magnet.bytes(of: pair.metainfo).makeAsyncIterator()
        let wrong = await #expect(throws: EngineError.self) { try await early.next() }
        #expect(wrong?.code == .wrongState)
        #expect(try await early.next() == nil)  // no hole

        let again = try await pair.engine.add(
            pair.metainfo, options: AddOptions(saveFolder: pair.folder.full("out")))
        let bytes = again.bytes(of: pair.metainfo)
        let last = Task { () async -> EngineError? in
            do throws(EngineError) {
                var reader = bytes.makeAsyncIterator()
                _ = try await reader.next()
                return nil
            } catch { return error }
        }
        while await pair.engine.openReads(of: again.id) == 0 { await Task.yield() }
        try await pair.shutdown()
        #expect(await last.value?.code == .shutDown)
    }

    @Test("A storage error ends the reader")
    func storageError() async throws {
        let pair = try await ReadingPair(bytes: 1 << 20, rate: 0, dials: false)
        // A folder where the file should go: the engine cannot write there.
        try pair.folder.makeFolder("out/in")
        try await pair.torrent.start(dialling: [pair.endpoint])
        var reader = pair.torrent.bytes(of: pair.metainfo).makeAsyncIterator()
        let error = await #expect(throws: EngineError.self) {
            while try await reader.next() != nil {}
        }
        #expect(error?.code == .fileExists)
        try await pair.shutdown()
    }
}

extension Engine {
    fileprivate func openReads(of id: Torrent.ID) -> Int { records[id]?.reads.count ?? 0 }
}

/// A seed at 127.0.0.1, and a torrent of the same content at 127.0.0.2 that has nothing yet.
private struct ReadingPair {
    let folder: TemporaryFolder
    let content: [UInt8]
    let metainfo: Metainfo
    let seed: Engine
    let engine: Engine
    let torrent: Torrent
    let endpoint: PeerEndpoint

    init(bytes count: Int, rate: UInt32, dials: Bool = true) async throws {
        let fixture = try await EngineFixture()
        folder = fixture.folder
        content = noise(count, seed: 9)
        try folder.write("in", content)
        var options = TorrentCreator.Options()
        options.pieceLengthBytes = 32 << 10
        metainfo = try await TorrentCreator(options: options).create(of: folder.full("in")).metainfo
        seed = fixture.engine
        endpoint = fixture.endpoint
        _ = try await fixture.seed(metainfo, allowing: ["127.0.0.2"], uploadLimit: rate)
        engine = try await Engine.start(
            EngineConfiguration(listen: [ListenAddress(parsing: "127.0.0.2:0")]))
        try folder.makeFolder("out")
        torrent = try await engine.add(
            metainfo,
            options: AddOptions(
                saveFolder: folder.full("out"), members: [Member(try AddressRule(endpoint), source: .invite)],
                content: .pieces([UInt8](repeating: 0, count: (metainfo.pieceCount + 7) / 8))))
        if dials { try await torrent.start(dialling: [endpoint]) }
    }

    func verifiedPieces() async throws -> [Bool] {
        let bits = try await torrent.verifiedPieces()
        return (0..<metainfo.pieceCount).map { bits[$0 / 8] & (0x80 >> UInt8($0 % 8)) != 0 }
    }

    func shutdown() async throws {
        try await engine.shutdown()
        try await seed.shutdown()
    }
}

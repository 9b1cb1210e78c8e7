import Foundation
import Testing

@testable import TorrentEngine

@Suite(.timeLimit(.minutes(2)))
struct FilePrioritiesTests {
    @Test("Only what is wanted is fetched, nothing is made beside it, and the rest can follow")
    func onlyWhatIsWanted() async throws {
        let pair = try await FilesPair()
        let torrent = try await pair.add(priorities: [0, 4, 0, 0, 0])
        let events = pair.engine.events()
        try await torrent.start(dialling: [pair.endpoint])
        try await torrent.waitUntilFinished()

        var status = try await torrent.status()
        #expect(status.state == .finished)
        #expect(status.verifiedPieces < status.pieceCount)
        #expect(status.wantedVerifiedBytes == status.wantedBytes)
        #expect(status.wantedBytes < status.contentBytes)
        #expect(try pair.fetched("b") == pair.content["b"])
        // It shares no piece with what is wanted.
        #expect(throws: (any Error).self) { try pair.fetched("d") }
        #expect(
            pair.entries.allSatisfy { !$0.contains("parts") && !$0.contains("\(pair.metainfo.infoHash)") })
        let files = try await torrent.files()
        #expect(files.map(\.priority) == [0, 4, 0, 0, 0])
        #expect(files[1].verifiedBytes == files[1].sizeBytes)
        #expect(files[3].verifiedBytes == 0)

        try await torrent.setFilePriorities([])
        try await torrent.waitUntilFinished()
        status = try await torrent.status()
        #expect(status.state == .seeding)
        for (name, bytes) in pair.content { #expect(try pair.fetched(name) == bytes) }
        try await torrent.remove()
        var finished = 0
        for await event in events {
            if case .finished = event.kind { finished += 1 }
            if case .storageError(let error) = event.kind { Issue.record(error) }
            if case .removed = event.kind { break }
        }
        #expect(finished == 2)
        try await pair.shutdown()
    }

    @Test("What is wanted can be said before the metadata is there")
    func beforeMetadata() async throws {
        let pair = try await FilesPair()
        let torrent = try await pair.engine.add(
            pair.metainfo.infoHash,
            options: AddOptions(
                saveFolder: pair.folder.full("out"), members: pair.members, filePriorities: [0, 0, 0]))
        let unknown = await #expect(throws: EngineError.self) { try await torrent.files() }
        #expect(unknown?.code == .wrongState)
        try await torrent.start(dialling: [pair.endpoint])
        let metainfo = try await torrent.metadata()
        try await torrent.setFilePriorities([0, 0, 7])
        try await torrent.acceptMetadata(metainfo)
        try await torrent.waitUntilFinished()
        // Files that nothing was said of have the default.
        #expect(try await torrent.files().map(\.priority) == [0, 0, 7, 4, 4])
        #expect(try await torrent.status().state == .finished)
        for name in ["c", "d"] { #expect(try pair.fetched(name) == pair.content[name]) }
        try await pair.shutdown()
    }

    @Test("What is no longer wanted is not waited for, and nothing more of it is asked for")
    func duringAFetch() async throws {
        // Slow until the choice is made, however long that takes.
        let pair = try await FilesPair(rate: 40_000)
        let torrent = try await pair.add(priorities: nil)
        try await torrent.start(dialling: [pair.endpoint])
        while try await torrent.status().verifiedPieces == 0 { try await Task.sleep(for: .milliseconds(5)) }
        try await torrent.setFilePriorities([4, 0, 0, 0, 0])
        try await pair.seeding.setRateLimits(upload: 0, download: 0)
        try await torrent.waitUntilFinished()
        let status = try await torrent.status()
        #expect(status.state == .finished)
        #expect(status.verifiedPieces < status.pieceCount)
        #expect(try pair.fetched("a") == pair.content["a"])
        // Nothing wanted at all is finished too, and everything is not.
        try await torrent.setFilePriorities([0, 0, 0, 0, 0])
        #expect(try await torrent.status().state == .finished)
        // Without the seed the rest cannot come, however long the test is not run.
        try await pair.seed.shutdown()
        try await torrent.setFilePriorities([4, 4, 4, 4, 4])
        await #expect(throws: EngineError.self) { try await torrent.waitUntilFinished(within: .zero) }
        try await pair.shutdown()
    }

    @Test("Resume data keeps what is wanted")
    func resumeData() async throws {
        let pair = try await FilesPair()
        let torrent = try await pair.add(priorities: [0, 6, 0, 0, 1])
        try await torrent.start(dialling: [pair.endpoint])
        try await torrent.waitUntilFinished()
        let resumed = try ResumeData(parsing: try await torrent.resumeData(), of: pair.metainfo)
        #expect(resumed.filePriorities == [0, 6, 0, 0, 1])
        try await torrent.remove()

        let again = try await pair.engine.add(
            pair.metainfo,
            options: AddOptions(
                saveFolder: pair.folder.full("out"), members: pair.members, content: .resumed(resumed)))
        // What was not written yet when it was saved comes again.
        try await again.start(dialling: [pair.endpoint])
        try await again.waitUntilFinished()
        #expect(try await again.status().state == .finished)
        #expect(try await again.files().map(\.priority) == [0, 6, 0, 0, 1])
        try await pair.shutdown()
    }

    @Test("What is read is wanted")
    func reading() async throws {
        let pair = try await FilesPair()
        let torrent = try await pair.add(priorities: [0, 0, 0, 0, 0])
        try await torrent.start(dialling: [pair.endpoint])
        let file = try #require(pair.metainfo.files.first { $0.path == "in/d" })
        var read: [UInt8] = []
        for try await chunk in torrent.bytes(of: file, in: pair.metainfo) { read += chunk }
        #expect(read == pair.content["d"])
        #expect(try await torrent.status().verifiedPieces < pair.metainfo.pieceCount)
        try await pair.shutdown()
    }

    @Test("Priorities that the torrent has no files for are refused, and change nothing")
    func refused() async throws {
        let pair = try await FilesPair()
        let torrent = try await pair.add(priorities: [0, 4, 0, 0, 0])
        for wrong: [UInt8] in [[4], [4, 4, 4, 4, 8], Array(repeating: 4, count: 6)] {
            let refused = await #expect(throws: EngineError.self) {
                try await torrent.setFilePriorities(wrong)
            }
            #expect(refused?.code == .invalidArgument)
            let added = await #expect(throws: EngineError.self) { try await pair.add(priorities: wrong) }
            #expect(added?.code == .invalidArgument)
        }
        #expect(try await torrent.files().map(\.priority) == [0, 4, 0, 0, 0])
        try await pair.shutdown()
    }

    @Test("Pieces come in order from when that is said")
    func sequential() async throws {
        let pair = try await FilesPair(rate: 400_000)
        let torrent = try await pair.add(priorities: nil)
        try await torrent.setSequential(true)
        try await torrent.start(dialling: [pair.endpoint])
        var mostGaps = 0
        while try await torrent.status().state == .downloading {
            let bits = try await torrent.verifiedPieces()
            let verified = (0..<pair.metainfo.pieceCount).map { bits[$0 / 8] & (0x80 >> UInt8($0 % 8)) != 0 }
            mostGaps = max(mostGaps, verified[..<(verified.lastIndex(of: true) ?? 0)].count { !$0 })
            try await Task.sleep(for: .milliseconds(5))
        }
        #expect(mostGaps < pair.metainfo.pieceCount / 3, "of \(pair.metainfo.pieceCount) pieces")
        try await pair.shutdown()
    }
}

/// A seed of a folder at 127.0.0.1, and an engine at 127.0.0.2 that has nothing of it yet.
private struct FilesPair {
    let folder: TemporaryFolder
    let content: [String: [UInt8]]
    let metainfo: Metainfo
    let seed: Engine
    let seeding: Torrent
    let engine: Engine
    let endpoint: PeerEndpoint
    let members: [Member]

    init(rate: UInt32 = 0) async throws {
        let fixture = try await EngineFixture()
        folder = fixture.folder
        content = [
            "a": noise(100_000, seed: 1), "b": noise(300_000, seed: 2), "c": noise(100_000, seed: 3),
            "d": noise(150_000, seed: 4), "e": [],
        ]
        for (name, bytes) in content { try folder.write("in/\(name)", bytes) }
        var options = TorrentCreator.Options()
        options.pieceLengthBytes = 16 << 10
        metainfo = try await TorrentCreator(options: options).create(of: folder.full("in")).metainfo
        seed = fixture.engine
        endpoint = fixture.endpoint
        seeding = try await fixture.seed(metainfo, allowing: ["127.0.0.2"], uploadLimit: rate)
        engine = try await Engine.start(EngineConfiguration(listen: [ListenAddress(parsing: "127.0.0.2:0")]))
        members = [Member(try AddressRule(endpoint), source: .invite)]
        try folder.makeFolder("out")
    }

    func add(priorities: [UInt8]?) async throws -> Torrent {
        try await engine.add(
            metainfo,
            options: AddOptions(
                saveFolder: folder.full("out"), members: members,
                content: .pieces([UInt8](repeating: 0, count: (metainfo.pieceCount + 7) / 8)),
                filePriorities: priorities))
    }

    func fetched(_ name: String) throws -> [UInt8] {
        try [UInt8](Data(contentsOf: URL(fileURLWithPath: folder.full("out/in/\(name)"))))
    }

    /// Everything below the save folder.
    var entries: [String] { FileManager.default.subpaths(atPath: folder.full("out")) ?? [] }

    func shutdown() async throws {
        try await engine.shutdown()
        try await seed.shutdown()
    }
}

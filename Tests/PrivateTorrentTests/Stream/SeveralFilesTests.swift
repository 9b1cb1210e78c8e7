import Foundation
import NodeInterface
import Testing
import TorrentEngine

@testable import PrivateTorrent

/// One file out of a torrent of several.
@Suite("A stream of one of several files", .timeLimit(.minutes(2)))
struct SeveralFilesTests {
    private static let pieceLength = 16384
    /// Pieces do not care for the borders of files; the third file lies inside one piece, and the last file is long.
    private static let sizes: [(name: String, bytes: Int)] = [
        ("a.bin", 40_000), ("b/empty", 0), ("b/small", 500), ("c.bin", 1_000_003), ("d.bin", 1_500_000),
    ]

    private struct Fixture {
        let scratch: Scratch
        let swarm: Swarm
        let engine: Engine

        init() async throws {
            scratch = try Scratch()
            for (name, bytes) in SeveralFilesTests.sizes { try scratch.file("t/\(name)", bytes: bytes) }
            swarm = try await Swarm.seed("\(scratch.path)/t", pieceLength: SeveralFilesTests.pieceLength)
            engine = try await Swarm.engine("127.0.0.2")
        }

        /// - Returns: How it ended, and what was received in all.
        func stream(
            _ choice: FileChoice, byMetainfo: Bool = false, maximumBytes: UInt64 = .max,
            to sink: CollectingSink
        ) async throws -> (Result<ContentDelivery, BackendError>, received: UInt64) {
            let request = ContentStreamer.Request(
                byMetainfo ? .metainfo(swarm.created.metainfo) : swarm.magnet,
                below: try scratch.folder("work"), members: try swarm.members, maximumBytes: maximumBytes,
                choice: choice)
            let torrents = Locked<[Torrent]>([])
            let result: Result<ContentDelivery, BackendError>
            let before = try await swarm.torrent.status().uploadedBytes
            do throws(BackendError) {
                result = .success(
                    try await ContentStreamer(engine: engine).stream(request, to: sink) { torrent in
                        torrents.withLock { $0.append(torrent) }
                    })
            } catch {
                result = .failure(error)
            }
            #expect(scratch.tree("work").isEmpty)
            return (result, try await swarm.torrent.status().uploadedBytes - before)
        }

        func end() async throws {
            try await engine.shutdown()
            try await swarm.shutdown()
        }
    }

    @Test("each file comes whole and alone, whatever shares its pieces", arguments: [false, true])
    func each(byMetainfo: Bool) async throws {
        let fixture = try await Fixture()
        for (name, bytes) in Self.sizes {
            let sink = CollectingSink()
            let (result, received) = try await fixture.stream(
                FileChoice(CandidateFile(path: name)), byMetainfo: byMetainfo, to: sink)
            // Of others comes no more than what is in its first and its last piece.
            #expect(received <= UInt64(bytes + 2 * Self.pieceLength), "\(name)")
            #expect(try result.get() == ContentDelivery(deliveredBytes: UInt64(bytes), isComplete: true))
            #expect(try Data(sink.bytes) == fixture.scratch.contents("t/\(name)"), "\(name)")
            #expect(sink.announced == [UInt64(bytes)])
        }
        try await fixture.end()
    }

    @Test("a file can be named by path with the torrent's name, by size, by index and by `so`")
    func names() async throws {
        let fixture = try await Fixture()
        let files = fixture.swarm.created.metainfo.files
        let index = try #require(files.firstIndex { $0.path == "t/b/small" })
        let link = try FileChoice.indices(inMagnet: "magnet:?xt=urn:btih:00&so=\(index)")
        for choice in [
            FileChoice(CandidateFile(path: "t/b/small")), FileChoice(CandidateFile(sizeBytes: 500)),
            FileChoice(CandidateFile(index: index)), FileChoice(indices: link),
            FileChoice(CandidateFile(sizeBytes: 500), indices: [0...100]),
        ] {
            let sink = CollectingSink()
            _ = try await fixture.stream(choice, to: sink).0.get()
            #expect(try Data(sink.bytes) == fixture.scratch.contents("t/b/small"))
        }
        try await fixture.end()
    }

    @Test("what is not there, or not clear, is an error that names files, before the first byte")
    func refusals() async throws {
        let fixture = try await Fixture()
        let cases: [(FileChoice, BackendError.Code)] = [
            (FileChoice(), .ambiguousFile), (FileChoice(indices: [0...1]), .ambiguousFile),
            (FileChoice(CandidateFile(path: "nope")), .noSuchFile),
            (FileChoice(CandidateFile(path: "empty")), .noSuchFile),
            (FileChoice(CandidateFile(path: "a.bin", sizeBytes: 1)), .noSuchFile),
            (FileChoice(CandidateFile(path: "a.bin"), indices: [3...4]), .noSuchFile),
        ]
        for (choice, code) in cases {
            for byMetainfo in [false, true] {
                let sink = CollectingSink()
                let (result, received) = try await fixture.stream(choice, byMetainfo: byMetainfo, to: sink)
                if case .failure(let error) = result {
                    #expect(error.code == code)
                    #expect(error.reason.contains("\"t/a.bin\" (40000 bytes)"), "\(error.reason)")
                } else {
                    Issue.record("it was streamed")
                }
                #expect(received == 0)
                #expect(sink.announced.isEmpty)
            }
        }
        try await fixture.end()
    }

    @Test("the limit is on the file and not on the torrent, and a sink that has enough ends it early")
    func limits() async throws {
        let fixture = try await Fixture()
        let choice = FileChoice(CandidateFile(path: "c.bin"))
        let tooLarge = try await fixture.stream(choice, maximumBytes: 1_000_002, to: CollectingSink()).0
        if case .failure(let error) = tooLarge { #expect(error.code == .limitExceeded) }
        _ = try await fixture.stream(choice, maximumBytes: 1_000_003, to: CollectingSink()).0.get()
        let enough = CollectingSink(enoughAt: 100_000)
        #expect(try await !fixture.stream(choice, to: enough).0.get().isComplete)
        #expect(try fixture.scratch.contents("t/c.bin").starts(with: enough.bytes))
        try await fixture.end()
    }

    @Test(
        "a selection that is no list of indices is malformed",
        arguments: ["", "a", "1-", "-1", "2-1", "1,,2", "1-2-3", "99999999999999999999", "+1"])
    func malformed(_ text: String) {
        let error = #expect(throws: BackendError.self) {
            try FileChoice.indices(inMagnet: "magnet:?xt=urn:btih:00&so=\(text)")
        }
        #expect(error?.code == .malformed)
    }

    @Test("a selection of indices and ranges, and none")
    func selections() throws {
        #expect(try FileChoice.indices(inMagnet: "magnet:?so=0%2C2-4,7&dn=x") == [0...0, 2...4, 7...7])
        #expect(try FileChoice.indices(inMagnet: "magnet:?dn=so=1") == nil)
        #expect(try FileChoice.indices(inMagnet: "magnet:") == nil)
    }
}

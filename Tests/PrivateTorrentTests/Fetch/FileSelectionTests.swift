import Foundation
import NodeInterface
import Testing
import TorrentEngine

@testable import PrivateTorrent

@Suite(.timeLimit(.minutes(2)))
struct FileSelectionTests {
    @Test("Chosen files come alone, the rest follows into the same folder, and nothing comes twice")
    func chosenAlone() async throws {
        let scratch = try Scratch()
        for (name, bytes) in [("a", 100_000), ("b/c", 50_000), ("b/d", 200_000), ("e", 70_000), ("f", 0)] {
            try scratch.file("in/\(name)", bytes: bytes)
        }
        let swarm = try await Swarm.seed("\(scratch.path)/in", pieceLength: 16384)
        let engine = try await Swarm.engine("127.0.0.2")
        let folder = try scratch.folder("out")
        func request(_ selected: [String], not: [String] = []) throws -> FetchRequest {
            FetchRequest(
                swarm.magnet, into: folder, members: try swarm.members,
                selection: FileSelection(selecting: selected, deselecting: not))
        }
        let first = try await Fetcher(engine: engine).fetch(request(["b/*"], not: ["d"]))
        #expect(first.files.map(\.relativePath) == ["in/b/c"])
        #expect(try scratch.contents("out/in/b/c") == scratch.contents("in/b/c"))
        // The pieces that it shares with its neighbours are out of sight, and nothing names the torrent.
        #expect(scratch.tree("out/in") == ["b", "b/c"])
        let record = "\(folder)/.in.fetch"
        #expect(try mode(of: record) == 0o700)
        #expect(!scratch.tree("out").contains { $0.contains("parts") || $0.contains("\(first.infoHash)") })

        let again = try await Fetcher(engine: engine).fetch(request(["c"]))
        #expect(again.downloadedBytes == 0)

        let more = try await Fetcher(engine: engine).fetch(request(["e"]))
        #expect(more.files.map(\.relativePath) == ["in/e"])
        // What was wanted before stays.
        #expect(scratch.tree("out/in") == ["b", "b/c", "e"])

        let rest = try await Fetcher(engine: engine).fetch(request([]))
        #expect(rest.downloadedBytes + rest.reusedBytes == 420_000)
        #expect(first.downloadedBytes + more.downloadedBytes + rest.downloadedBytes == 420_000)
        #expect(scratch.tree("out") == ["in", "in/a", "in/b", "in/b/c", "in/b/d", "in/e", "in/f"])
        for name in ["a", "b/c", "b/d", "e", "f"] {
            #expect(try scratch.contents("out/in/\(name)") == scratch.contents("in/\(name)"))
        }
        try await engine.shutdown()
        try await swarm.shutdown()
    }

    @Test("What an unfinished fetch of everything has is not set aside by one of a part")
    func partOfAnUnfinished() async throws {
        let scratch = try Scratch()
        for name in ["a", "b"] { try scratch.file("in/\(name)", bytes: 1 << 20) }
        let swarm = try await Swarm.seed("\(scratch.path)/in", pieceLength: 16384)
        try await swarm.torrent.setRateLimits(upload: 400_000, download: 0)
        let engine = try await Swarm.engine("127.0.0.2")
        let folder = try scratch.folder("out")
        let all = FetchRequest(swarm.magnet, into: folder, members: try swarm.members)
        let (updates, update) = AsyncStream.makeStream(of: FetchUpdate.self)
        let interrupted = Task { try await Fetcher(engine: engine).fetch(all) { update.yield($0) } }
        for await case .progress(let status) in updates where status.verifiedBytes > 100_000 { break }
        interrupted.cancel()
        _ = await interrupted.result
        try await swarm.torrent.setRateLimits(upload: 0, download: 0)
        var part = all
        part.selection = FileSelection(selecting: ["1"])
        let result = try await Fetcher(engine: engine).fetch(part)
        #expect(result.files.map(\.relativePath) == ["in/b"])
        // All of it stays wanted.
        #expect(!scratch.tree("out").contains { $0.contains("rest") || $0.contains("wanted") })
        #expect(scratch.tree("out").contains(".in.fetch/metadata.torrent"))
        try await engine.shutdown()
        try await swarm.shutdown()
    }

    @Test("A pattern that matches nothing, and a choice of nothing, touch nothing")
    func nothing() async throws {
        let scratch = try Scratch()
        try scratch.file("in/a", bytes: 1000)
        let swarm = try await Swarm.seed("\(scratch.path)/in")
        let engine = try await Swarm.engine("127.0.0.2")
        for reference in [swarm.magnet, .metainfo(swarm.created.metainfo)] {
            for (selected, left, named) in [
                (["b", "*", "7"], [], "'b', '7'"), ([], ["in/**"], "every file"),
                (["a"], ["nowhere"], "'nowhere'"),
            ] {
                let error = await #expect(throws: EngineError.self) {
                    try await Fetcher(engine: engine).fetch(
                        FetchRequest(
                            reference, into: scratch.folder("out"), members: swarm.members,
                            selection: FileSelection(selecting: selected, deselecting: left)))
                }
                #expect(error?.code == .noSuchFile)
                #expect(error?.reason.contains(named) == true)
            }
        }
        #expect(scratch.tree("out").isEmpty)
        try await engine.shutdown()
        try await swarm.shutdown()
    }

    @Test(
        "Globs",
        arguments: [
            ("*", "a", true), ("*", "a/b", false), ("**", "a/b", true), ("a/**/d", "a/b/c/d", true),
            ("**/d", "a/d", true), ("?", "é", true), ("?", "/", false), ("[a-c]x", "bx", true),
            ("[!a-c]x", "bx", false), ("[^a]", "b", true), ("[]]", "]", true), ("[a", "[a", true),
            ("\\*", "*", true), ("\\*", "a", false), ("a*b*c", "aXbYbZc", true), ("a*b*c", "aXbYbZ", false),
            ("", "", true), ("", "a", false), ("*.flac", "01 Ünïcode.flac", true), ("[z-a]", "z", true),
            ("[/]", "/", false), ("e\u{301}", "é", true),
        ])
    func globs(_ pattern: String, _ text: String, _ matches: Bool) {
        #expect(Glob(pattern).matches(text) == matches)
    }

    @Test("What is missing is counted by piece, and each piece once")
    func missing() async throws {
        let scratch = try Scratch()
        for (name, bytes) in [("a", 10_000), ("b", 10_000), ("c", 40_000)] {
            try scratch.file("in/\(name)", bytes: bytes)
        }
        var options = TorrentCreator.Options()
        options.pieceLengthBytes = 16384
        let metainfo = try await TorrentCreator(options: options).create(of: "\(scratch.path)/in").metainfo
        for (wanted, pieces, missing) in [
            (nil, [], 60_000), ([0], [], 16384), ([0, 1], [], 2 * 16384), ([0, 1], [0x80], 16384),
            ([2], [], 60_000 - 16384), ([1, 2], [0x10], 3 * 16384), ([0], [0xf0], 0),
        ] as [(Set<Int>?, [UInt8], UInt64)] {
            let destination = Destination(folder: scratch.path, metainfo: metainfo, wanted: wanted)
            #expect(destination.missingBytes(given: pieces) == missing, "\(String(describing: wanted))")
        }
    }

    @Test("A pattern of many stars takes no time that grows beyond its length")
    func stars() {
        let text = String(repeating: "a", count: 5000)
        #expect(!Glob(String(repeating: "*a", count: 200) + "b").matches(text))
    }

    private func mode(of path: String) throws -> Int {
        try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int ?? 0
    }
}

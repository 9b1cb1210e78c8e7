import Foundation
import Testing

/// The commands that contact nobody, as processes.
@Suite(.timeLimit(.minutes(1))) struct LocalCommandTests {
    let scratch: Scratch

    init() throws { scratch = try Scratch() }

    @Test func createSaysWhatItMadeAndTheSameBytesAgain() async throws {
        let content = try scratch.write("data.bin", bytes: 100_000)
        let output = scratch("data.torrent")
        let first = try await Command.run("create", content, "--output", output, "--json")
        #expect(first.status == 0)
        let created = try #require(first.event("created"))
        let hash = try #require(created["infoHash"]?.string)
        #expect(created["magnet"] == .string("magnet:?xt=urn:btih:\(hash)&dn=data.bin&xl=100000"))
        #expect(created["sizeBytes"] == .number(100_000))
        #expect(created["pieceCount"] == .number(7))
        let bytes = try scratch.read("data.torrent")
        let second = try await Command.run("create", content, "--output", output, "--json")
        #expect(second.status == 0)
        #expect(try scratch.read("data.torrent") == bytes)
        #expect(scratch.tree("") == ["data.bin", "data.torrent"])
    }

    @Test func createLeavesADifferentFileAlone() async throws {
        let content = try scratch.write("data.bin", bytes: 1000)
        let output = try scratch.write("data.torrent", Data("precious".utf8))
        let ended = try await Command.run("create", content, "--output", output, "--json")
        #expect(ended.status == 73)
        #expect(ended.events.last?["code"] == .string("fileExists"))
        #expect(try scratch.read("data.torrent") == Data("precious".utf8))
    }

    @Test func createNamesWhatItCannotCarry() async throws {
        try scratch.write("album/one", bytes: 10)
        try FileManager.default.createSymbolicLink(atPath: scratch("album/link"), withDestinationPath: "one")
        let ended = try await Command.run(
            "create", scratch("album"), "--output", scratch("a.torrent"), "--json")
        #expect(ended.status == 0)
        let skipped = ended.event("created")?["skipped"]?.array ?? []
        #expect(skipped.map { $0["path"] } == [.string("link")])
        #expect(skipped.map { $0["reason"] } == [.string("symbolicLink")])
    }

    @Test func inspectTellsMalformedByObjectAndStatus() async throws {
        let file = try scratch.write("bad.torrent", Data("d4:infod".utf8))
        let ended = try await Command.run("inspect", file, "--json")
        #expect(ended.status == 65)
        #expect(ended.event("inspected")?["accepted"] == .bool(false))
        #expect(ended.event("inspected")?["reasons"] == .array([.string("malformed")]))
        #expect(ended.events.last?["event"] == .string("error"))
        #expect(ended.events.last?["exitCode"] == .number(65))
    }

    @Test func inspectOfAMagnetListsWhatIsDropped() async throws {
        let hash = String(repeating: "ab", count: 20)
        let magnet =
            "magnet:?xt=urn:btih:\(hash)&dn=x&xl=7&x.pe=10.0.0.1:6881&tr=http%3A%2F%2Fexample.org%2Fa"
        let ended = try await Command.run("inspect", magnet, "--json")
        #expect(ended.status == 0)
        let inspected = try #require(ended.event("inspected"))
        #expect(inspected["infoHash"] == .string(hash))
        #expect(inspected["accepted"] == .bool(true))
        #expect(inspected["dropped"] == .array([.string("trackers")]))
        #expect(inspected["peers"] == .array([.string("10.0.0.1:6881")]))
        let short = try await Command.run("inspect", "magnet:?xt=urn:btih:abcd", "--json")
        #expect(short.status == 65)
    }

    @Test func verifyNamesFileAndPiece() async throws {
        let content = try scratch.write("data.bin", bytes: 100_000)
        let torrent = scratch("data.torrent")
        #expect(try await Command.run("create", content, "--output", torrent).status == 0)
        let good = try await Command.run("verify", torrent, "--data", scratch.path, "--rate", "1Mi", "--json")
        #expect(good.status == 0)
        #expect(good.event("verified")?["ok"] == .bool(true))

        var data = try scratch.read("data.bin")
        data[40_000] ^= 1
        try scratch.write("data.bin", data)
        let bad = try await Command.run("verify", torrent, "--data", scratch.path, "--json")
        #expect(bad.status == 65)
        let files = bad.event("verified")?["badFiles"]?.array ?? []
        #expect(files.map { $0["path"] } == [.string("data.bin")])
        #expect(files.map { $0["pieces"] } == [.array([.number(2)])])
        #expect(bad.events.last?["code"] == .string("contentMismatch"))
        let people = try await Command.run("verify", torrent, "--data", scratch.path)
        #expect(people.lines == ["mismatch: data.bin, pieces 2"])
    }

    @Test(
        arguments: [
            (["fetch"], 64), (["bogus"], 64), (["inspect", "/nonexistent.torrent"], 66),
            (["share", "/etc/hostname", "--listen", "0.0.0.0:0"], 64), (["share", "/etc/hostname"], 64),
            (["share", "/etc/hostname", "--listen", "127.0.0.1:0", "--allow", "10.0.0.1/8"], 64),
            (["share", "/etc/hostname", "--listen", "example.org:1"], 64),
            (["share", "/nonexistent", "--listen", "127.0.0.1:0"], 66),
            (["share", "/etc/hostname", "--listen", "192.0.2.1:0"], 69),
            (["verify", "/nonexistent.torrent", "--data", ".", "--rate", "fast"], 64),
            (["fetch", "magnet:?xt=urn:btih:zz", "--into", "."], 65),
            (["fetch", "abababababababababababababababababababab", "--into", "/tmp", "--timeout", "0"], 64),
            (["fetch", "abababababababababababababababababababab", "--into", "/tmp"], 69),
        ] as [([String], Int32)])
    func everyFailureEndsWithAnErrorObject(_ arguments: [String], _ status: Int32) async throws {
        let ended = try await Command(arguments + ["--json"]).end()
        #expect(ended.status == status)
        let last = try #require(ended.events.last)
        #expect(last["event"] == .string("error"))
        #expect(last["exitCode"] == .number(Double(status)))
        #expect(last["message"]?.string?.isEmpty == false)
        #expect(ended.notes.isEmpty == false)
    }

    @Test func helpAndVersionAreNoFailures() async throws {
        for command in ["create", "inspect", "seed", "share", "fetch", "verify"] {
            let ended = try await Command.run(command, "--help")
            #expect(ended.status == 0)
            #expect(ended.lines.contains { $0.hasPrefix("USAGE: swarmctl \(command)") })
        }
        let version = try await Command.run("--version")
        #expect(version.status == 0)
        #expect(version.lines.first == "swarmctl 0.1.0")
    }
}

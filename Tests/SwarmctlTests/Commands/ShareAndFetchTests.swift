import Foundation
import Testing

#if canImport(Glibc)
    import Glibc
#endif

/// `share`, `seed` and `fetch` as processes of their own, on loopback addresses.
@Suite(.timeLimit(.minutes(2))) struct ShareAndFetchTests {
    let scratch: Scratch

    init() throws { scratch = try Scratch() }

    private func share(_ name: String, _ options: String...) async throws -> (Command, invite: String) {
        let command = try Command(
            ["share", scratch(name), "--listen", "127.0.0.1:0", "--json"] + options)
        let listening = try await command.event("listening")
        #expect(listening["address"] == .string("127.0.0.1"))
        let magnet = try #require(try await command.event("invite")["magnet"]?.string)
        #expect(magnet.hasSuffix("&x.pe=127.0.0.1:\(Int(listening["port"]?.number ?? 0))"))
        return (command, magnet)
    }

    private func endsWell(_ command: Command, _ signal: Int32) async {
        command.send(signal)
        #expect(await command.end().status == 0)
    }

    @Test func aFileByItsInviteAlone() async throws {
        try scratch.write("data.bin", bytes: 3_000_000)
        let (sharing, invite) = try await share("data.bin", "--allow", "127.0.0.2")
        let fetched = try await Command.run(
            "fetch", invite, "--into", scratch("in"), "--listen", "127.0.0.2:0", "--json")
        #expect(fetched.status == 0)
        let finished = try #require(fetched.event("finished"))
        #expect(finished["downloadedBytes"] == .number(3_000_000))
        #expect(finished["reusedBytes"] == .number(0))
        #expect(finished["files"]?.array.map { $0["path"] } == [.string("data.bin")])
        #expect(fetched.event("progress")?["doneBytes"] == .number(3_000_000))
        #expect(fetched.event("progress")?["totalBytes"] == .number(3_000_000))
        #expect(try scratch.read("data.bin") == scratch.read("in/data.bin"))
        #expect(scratch.tree("in") == ["data.bin"])
        await endsWell(sharing, SIGINT)
    }

    @Test func aFolderWithNestedUnicodeNamesFromStandardInput() async throws {
        try scratch.write("Ünï/ñested/日本/a b.txt", bytes: 70_000)
        try scratch.write("Ünï/ñested/x", bytes: 20_000)
        try scratch.write("Ünï/empty", bytes: 0)
        let (sharing, invite) = try await share("Ünï", "--allow", "127.0.0.0/8")
        let fetched = try await Command.run(
            "fetch", "-", "--into", scratch("in"), "--json", input: "\n  \(invite)  \n")
        #expect(fetched.status == 0)
        #expect(fetched.event("listening") == nil)
        #expect(scratch.tree("in/Ünï") == scratch.tree("Ünï"))
        for file in ["ñested/日本/a b.txt", "ñested/x", "empty"] {
            #expect(try scratch.read("Ünï/\(file)") == scratch.read("in/Ünï/\(file)"))
        }
        await endsWell(sharing, SIGTERM)
    }

    @Test func aStrangerIsRefusedUntilTheRulesAdmitIt() async throws {
        try scratch.write("data.bin", bytes: 50_000)
        try scratch.write("rules", Data("# nobody yet\n".utf8))
        let (sharing, invite) = try await share("data.bin", "--allow-file", scratch("rules"))
        #expect(await sharing.note("nobody is admitted") != nil)
        let fetching = try Command(
            ["fetch", invite, "--into", scratch("in"), "--listen", "127.0.0.3:0", "--json"])
        let refused = try await sharing.event("peer") { $0["state"] == .string("refused") }
        #expect(refused["endpoint"]?.string?.hasPrefix("127.0.0.3:") == true)
        #expect(refused["reason"] == .string("notAMember"))
        #expect(await sharing.note("refused 127.0.0.3 (1 try): to admit it, add --allow 127.0.0.3") != nil)
        #expect(await fetching.note("it may not list our address") != nil)

        try scratch.write("rules", Data("10.0.0.1/8\n".utf8))
        sharing.send(SIGHUP)
        #expect(await sharing.note("the last good list stays") != nil)
        try scratch.write("rules", Data("127.0.0.3\n".utf8))
        sharing.send(SIGHUP)
        #expect(await sharing.note("again: 1 rule") != nil)
        #expect(await fetching.end().status == 0)
        #expect(try scratch.read("data.bin") == scratch.read("in/data.bin"))
        await endsWell(sharing, SIGINT)
    }

    @Test(arguments: [SIGINT, SIGTERM])
    func anInterruptedFetchSaysSo(_ signal: Int32) async throws {
        let fetching = try Command(
            [
                "fetch", String(repeating: "ab", count: 20), "--peer", "127.0.0.1:9", "--into", scratch("in"),
                "--json",
            ])
        _ = try await fetching.event("peer") { $0["reason"] == .string("connectionRefused") }
        fetching.send(signal)
        let ended = await fetching.end()
        #expect(ended.status == 128 + signal)
        #expect(ended.event("error") == nil)
        #expect(scratch.tree("in").isEmpty)
    }

    @Test func aDifferentFileInTheWayStays() async throws {
        try scratch.write("data.bin", bytes: 50_000)
        try scratch.write("in/data.bin", Data("mine".utf8))
        let (sharing, invite) = try await share("data.bin", "--allow", "127.0.0.2")
        let arguments = ["fetch", invite, "--into", scratch("in"), "--listen", "127.0.0.2:0", "--json"]
        let refused = try await Command(arguments).end()
        #expect(refused.status == 73)
        #expect(try scratch.read("in/data.bin") == Data("mine".utf8))
        let adopted = try await Command(arguments + ["--adopt"]).end()
        #expect(adopted.status == 0)
        #expect(try scratch.read("data.bin") == scratch.read("in/data.bin"))
        await endsWell(sharing, SIGINT)
    }

    @Test func aSeedOfOtherDataIsRefused() async throws {
        try scratch.write("data.bin", bytes: 50_000)
        _ = try await Command.run("create", scratch("data.bin"), "--output", scratch("data.torrent"))
        let seeding = try Command([
            "seed", scratch("data.torrent"), "--data", scratch.path, "--listen", "127.0.0.1:0", "--json",
        ])
        let port = Int(try await seeding.event("listening")["port"]?.number ?? 0)
        let taken = try await Command.run(
            "seed", scratch("data.torrent"), "--data", scratch.path, "--listen", "127.0.0.1:\(port)", "--json"
        )
        #expect(taken.status == 69)
        #expect(taken.events.last?["code"] == .string("addressInUse"))
        await endsWell(seeding, SIGINT)
        try scratch.write("data.bin", bytes: 50_000)
        let ended = try await Command.run(
            "seed", scratch("data.torrent"), "--data", scratch.path, "--listen", "127.0.0.1:0", "--json")
        #expect(ended.status == 65)
        #expect(ended.events.last?["code"] == .string("contentMismatch"))
    }

    @Test func aSeedIsKeptAndASecondProcessIsRefused() async throws {
        try scratch.write("data.bin", bytes: 50_000)
        let created = try await Command.run(
            "create", scratch("data.bin"), "--output", scratch("data.torrent"), "--json")
        let infoHash = try #require(created.event("created")?["infoHash"]?.string)
        let state = ["--state", scratch("state"), "--listen", "127.0.0.1:0", "--json"]
        let seeding = try Command(
            ["seed", scratch("data.torrent"), "--data", scratch.path, "--allow", "127.0.0.2"] + state)
        _ = try await seeding.event("restored")
        let second = try await Command(["seed"] + state).end()
        #expect(second.status == 73)
        #expect(second.events.last?["code"] == .string("inUse"))
        seeding.send(SIGKILL)
        _ = await seeding.end()

        let again = try Command(["seed"] + state)
        let port = Int(try await again.event("listening")["port"]?.number ?? 0)
        let restored = try await again.event("restored")
        #expect(restored["infoHash"] == .string(infoHash))
        let fetched = try await Command.run(
            "fetch", infoHash, "--peer", "127.0.0.1:\(port)", "--listen", "127.0.0.2:0", "--into",
            scratch("in"),
            "--state", scratch("other"), "--json")
        #expect(fetched.status == 0)
        #expect(try scratch.read("data.bin") == scratch.read("in/data.bin"))
        await endsWell(again, SIGINT)
    }
}

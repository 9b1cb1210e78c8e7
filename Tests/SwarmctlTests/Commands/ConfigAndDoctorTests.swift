import Foundation
import NodeControl
import Testing
import TorrentEngine

@testable import swarmctl

#if canImport(Glibc)
    import Glibc
#endif

/// `config` and `doctor`, with a node and without.
@Suite(.timeLimit(.minutes(2)))
struct ConfigAndDoctorTests {
    private func checks(_ ended: Command.Ended) throws -> [String: JSONValue] {
        let all = try #require(ended.event("doctor")?["checks"]?.array)
        return Dictionary(all.map { ($0["name"]?.string ?? "", $0) }) { first, _ in first }
    }

    @Test("A running node tells what it runs with, and what a restart would change; doctor sees it too")
    func withNode() async throws {
        let daemon = try await RunningDaemon.start()
        let shown = try await Command.run("config", "show", "--socket", daemon.socket, "--json")
        #expect(shown.status == 0)
        #expect(shown.event("config")?["file"]?.string == daemon.file)
        #expect(
            shown.event("config")?["settings"]?.array.contains { $0["isChanged"] != .bool(false) } == false)

        var healthy = try await Command.run("doctor", "--socket", daemon.socket, "--json")
        var found = try checks(healthy)
        let warns = found.values.contains { $0["severity"]?.string == "warning" }
        // What the machine of the test has of descriptors and room is its own.
        #expect(healthy.status == (warns ? 1 : 0), "\(healthy.lines)")
        for name in ["node", "version", "socket", "listening", "stateDirectory", "lastExit", "configuration"]
        {
            #expect(found[name]?["severity"]?.string == "ok", "\(name)")
        }

        try RunningDaemon.configure(
            daemon.folder, level: "debug", "  BudgetBytes: 7")
        let changed = try await Command.run("config", "show", "--socket", daemon.socket)
        #expect(changed.notes.contains("Swarmd:BudgetBytes is now 7, which counts from the next start on"))
        #expect(changed.notes.contains("Swarmd:Log:Level is now debug, which counts when"))
        // A live key that was read again is no change any more.
        daemon.command.send(SIGHUP)
        #expect(await daemon.command.note("BudgetBytes counts from the next start on") != nil)
        let reloaded = try await Command.run("config", "show", "--socket", daemon.socket)
        #expect(!reloaded.notes.contains("Log:Level"))
        #expect(reloaded.notes.contains("BudgetBytes"))

        try RunningDaemon.configure(daemon.folder, "  Nonsense: 1")
        chmod("\(daemon.folder)/run", 0o755)
        healthy = try await Command.run("doctor", "--socket", daemon.socket, "--json")
        found = try checks(healthy)
        #expect(healthy.status == 2)
        #expect(found["configuration"]?["severity"]?.string == "error")
        #expect(found["configuration"]?["seen"]?.string?.contains("Nonsense is not known") == true)
        #expect(found["socket"]?["severity"]?.string == "error")
        #expect(await daemon.stop().status == 0)
    }

    @Test("Without a node doctor says so, and looks at the file, the lock and how the last run ended")
    func withoutNode() async throws {
        let daemon = try await RunningDaemon.start()
        let other = "\(daemon.folder)/none.sock"
        let alone = try await Command.run("doctor", "--socket", other, "--json")
        #expect(alone.status == 2)
        #expect(try checks(alone)["node"]?["seen"]?.string?.contains(other) == true)
        // Another process has the state directory, and does not serve there.
        let held = try await Command.run("doctor", "--socket", other, "--config", daemon.file, "--json")
        #expect(held.status == 2)
        #expect(try checks(held)["file"]?["severity"]?.string == "ok")
        let pid = try await daemon.client.status().processID
        #expect(
            try checks(held)["stateDirectory"]?["seen"]?.string?.contains("the process \(pid) has") == true)

        daemon.command.send(SIGKILL)
        _ = await daemon.command.end()
        let killed = try await Command.run("doctor", "--socket", other, "--config", daemon.file, "--json")
        #expect(killed.status == 1)
        #expect(try checks(killed)["stateDirectory"]?["severity"]?.string == "warning")
        #expect(try checks(killed)["node"]?["severity"]?.string == "warning")
    }

    @Test("A configuration with mistakes has all of them named, and an exit status of its own")
    func mistakes() async throws {
        let scratch = try Scratch()
        let text = """
            Swarmd: {Listen: [nowhere], StateDirectory: /s, Lisen: 1}
            VirtualSoulfindV2: {Torrent: {Enabeld: true}}
            """
        let path = try scratch.write("node.yaml", Data(text.utf8))
        let ended = try await Command.run("config", "check", path)
        #expect(ended.status == 78)
        for words in ["Swarmd:Listen is wrong:", "Swarmd:Lisen is not known", "Enabeld is not read"] {
            #expect(ended.lines.contains { $0.contains(words) }, "\(words)")
        }
        let json = try await Command.run("config", "check", path, "--json")
        #expect(json.event("config")?["problems"]?.array.count == 2)
        #expect(json.event("config")?["warnings"]?.array.count == 1)
        #expect(json.event("error")?["code"]?.string == "configuration")
        #expect(try await Command.run("config", "show", scratch("none.yaml")).status == 78)

        try scratch.write("node.yaml", Data("Swarmd: {Listen: ['127.0.0.1:0'], StateDirectory: /s}".utf8))
        #expect(try await Command.run("config", "check", path).status == 0)
        let shown = try await Command.run("config", "show", path)
        #expect(shown.lines.contains { $0.hasPrefix("Swarmd:StateDirectory") && $0.hasSuffix("/s") })
    }

    @Test("The kernel's table of locks says who holds one")
    func locks() {
        let table = """
            1: POSIX  ADVISORY  WRITE 11 08:02:77 0 EOF
            2: FLOCK  ADVISORY  WRITE 4711 08:02:77 0 EOF
            3: FLOCK  ADVISORY  WRITE 12 08:02:78 0 EOF
            4: FLOCK  ADVISORY  WRITE 13 00:2a:79 0 EOF
            """
        #expect(LockFacts.holder(of: 77, on: 0x802, in: table) == 4711)
        #expect(LockFacts.holder(of: 80, on: 0x802, in: table) == nil)
        // Of the same number on another file system; and where the kernel's table has other devices.
        #expect(LockFacts.holder(of: 79, on: 0x802, in: table) == nil)
        #expect(LockFacts.holder(of: 79, on: 0x2a, in: table) == 13)
        #expect(LockFacts.holder(of: 77, on: 0x99, in: table) == 4711)
    }
}

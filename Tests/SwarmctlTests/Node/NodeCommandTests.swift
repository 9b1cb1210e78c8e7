import Foundation
import NodeControl
import Testing
import TorrentEngine

@testable import swarmctl

#if canImport(Glibc)
    import Glibc
#endif

/// `swarmd` and the commands that ask it, as processes.
@Suite(.timeLimit(.minutes(2)))
struct NodeCommandTests {
    private let folder: String

    init() throws {
        // Short: a socket's path has at most 107 bytes.
        folder = "/tmp/sd-\(UUID().uuidString.prefix(8))"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: false)
    }

    private var socket: String { "\(folder)/run/control.sock" }
    private var client: ControlClient { ControlClient(path: socket) }

    private func configure(level: String = "info", _ more: String = "") throws -> String {
        let text = """
            VirtualSoulfindV2:
              Torrent:
                Limits: {Rates: "up=10M"}
            Swarmd:
              Listen: ["127.0.0.1:0"]
              StateDirectory: \(folder)/state
              ControlSocket: \(socket)
              Log: {Level: \(level), Format: json}
            \(more)
            """
        try text.write(toFile: "\(folder)/node.yaml", atomically: true, encoding: .utf8)
        return "\(folder)/node.yaml"
    }

    private func start(_ environment: [String: String] = [:]) async throws -> Command {
        let daemon = try Command(
            ["--config", try configure()], program: Command.beside("swarmd"), environment: environment)
        while (try? await client.get("/readyz", as: HealthReport.self)) == nil {
            try await Task.sleep(for: .milliseconds(20))
        }
        return daemon
    }

    @Test("A dashboard's address has the token, and a token that others can read is not used")
    func dashboard() async throws {
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let path = try configure("  Control: {Listen: '127.0.0.1:0', TokenFile: \(folder)/token}")
        let daemon = try Command(["--config", path], program: Command.beside("swarmd"))
        while (try? await client.get("/readyz", as: HealthReport.self)) == nil {
            try await Task.sleep(for: .milliseconds(20))
        }
        let told = try await Command.run("dashboard", "--socket", socket, "--json")
        let url = try #require(told.event("dashboard")?["url"]?.string)
        let token = try String(contentsOfFile: "\(folder)/token", encoding: .utf8).prefix(64)
        #expect(url.hasPrefix("http://127.0.0.1:") && url.hasSuffix("/#token=\(token)"))
        #expect(try await Command.run("dashboard", "--socket", socket).lines == [url])
        #expect(chmod("\(folder)/token", 0o644) == 0)
        #expect(
            try await Command.run("dashboard", "--socket", socket, "--json").event("error")?["code"]?.string
                == "permissionDenied")
        try FileManager.default.removeItem(atPath: "\(folder)/token")
        #expect(try await Command.run("dashboard", "--socket", socket).status != 0)
        daemon.send(SIGTERM)
        #expect(await daemon.end().status == 0)
    }

    @Test("A node starts, is asked, and stops on SIGTERM; its socket goes with it")
    func whole() async throws {
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let daemon = try await start()
        let status = try await Command.run("status", "--socket", socket, "--json")
        #expect(status.status == 0)
        #expect(status.event("status")?["version"]?.string == PackageVersion.current)
        #expect(status.event("status")?["notReady"] != nil)
        #expect(
            try await Command.run("status", "--socket", socket).lines.contains {
                $0.hasPrefix("listening  127.0.0.1:")
            })
        #expect(try await Command.run("list", "--socket", socket, "--json").lines.isEmpty)

        let infoHash = String(repeating: "a", count: 40)
        var request = AddRequest(
            invite: "magnet:?xt=urn:btih:\(infoHash)&dn=An%20album", folder: "\(folder)/in",
            members: ["127.0.0.9:9"])
        request.paused = true
        _ = try await client.add(request)
        let list = try await Command.run("list", "--socket", socket, "--json")
        #expect(list.event("torrent")?["state"]?.string == "paused")
        #expect(list.event("torrent")?["infoHash"]?.string == infoHash)
        #expect(list.event("torrent")?["name"]?.string == "An album")
        #expect(try await Command.run("list", "--socket", socket).lines.count == 2)

        // What happened is there for who comes later; by digits, the torrent is changed.
        for (verb, state) in [("resume", "metadata"), ("pause", "paused")] {
            let changed = try await Command.run(verb, "aaaa", "--socket", socket, "--json")
            #expect(changed.status == 0)
            #expect(changed.event("torrent")?["state"]?.string == state)
        }
        // Who is to go goes, whatever is wrong with the rule before it.
        _ = try await Command.run("members", "add", "aaaa", "127.0.0.7", "--socket", socket)
        let removed = try await Command.run(
            "members", "remove", "aaaa", "127.0.0.8", "127.0.0.7", "--socket", socket)
        #expect(removed.status == 66 && removed.notes.contains("127.0.0.8"))
        #expect(removed.lines.count == 2 && removed.lines[1].hasPrefix("127.0.0.9:9"))
        // Whoever reads one line of what goes on for good ends it.
        let watched = try Command(
            ["-c", "set -o pipefail; '\(Command.path)' status --watch --socket '\(socket)' | head -n 1"],
            program: "/bin/bash")
        let first = await watched.end()
        #expect(first.lines.count == 1, "\(first.notes)")

        let events = try await Command.run("events", "--socket", socket, "--json")
        #expect(events.status == 0)
        #expect(events.event("nodeEvent")?["occurred"]?["infoHash"]?.string == infoHash)
        let none = try await Command.run("explain", "bbbb", "--socket", socket)
        #expect(none.status == 66)

        daemon.send(SIGTERM)
        let ended = await daemon.end()
        #expect(ended.status == 0)
        #expect(!FileManager.default.fileExists(atPath: socket))
        let gone = try await Command.run("status", "--socket", socket, "--json")
        #expect(gone.status == 69)
        #expect(gone.event("error")?["code"]?.string == "noNode")
        #expect(gone.notes.contains(socket))

        // What was added is there at the next start.
        let again = try await start()
        #expect(try await client.torrents().map(\.state) == [.paused])
        #expect(try await client.status().wasUnclean == false)
        again.send(SIGTERM)
        #expect(await again.end().status == 0)
    }

    @Test("SIGHUP takes what can change while it runs, and a mistake changes nothing")
    func reload() async throws {
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let daemon = try await start()
        _ = try configure(level: "trace")
        daemon.send(SIGHUP)
        #expect(await daemon.note("node.yaml again") != nil)
        _ = try configure("  Nonsense: 1")
        daemon.send(SIGHUP)
        let refusal = try #require(await daemon.note("what held goes on"))
        #expect(refusal.contains("Swarmd:Nonsense is not known"))
        #expect(try await client.status().torrents.total == 0)
        daemon.send(SIGTERM)
        let ended = await daemon.end()
        #expect(ended.status == 0)
        let lines = ended.notes.split(separator: "\n")
        #expect(lines.allSatisfy { (try? JSONValue(line: String($0)))?["level"]?.string != nil })
    }

    @Test("What is wrong with the file is said at once, all of it")
    func mistakes() async throws {
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let path = "\(folder)/node.json"
        try #"{"Swarmd":{"Listen":["nowhere"],"StateDirectory":"x","Log":{"Level":"loud"},"Lisen":1}}"#
            .write(toFile: path, atomically: true, encoding: .utf8)
        let ended = await (try Command(["--config", path], program: Command.beside("swarmd"))).end()
        #expect(ended.status == 1)
        for word in ["Swarmd:Listen is wrong", "StateDirectory", "Log:Level", "Lisen is not known"] {
            #expect(ended.notes.contains(word))
        }
    }

    @Test("The service manager hears that it is ready, alive, and stopping")
    func notify() async throws {
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let manager = try NotifySocket("\(folder)/notify")
        let daemon = try await start(["NOTIFY_SOCKET": "\(folder)/notify", "WATCHDOG_USEC": "100000"])
        #expect(try await manager.next { $0.hasPrefix("READY=1") })
        #expect(try await manager.next { $0 == "WATCHDOG=1" })
        daemon.send(SIGTERM)
        #expect(try await manager.next { $0 == "STOPPING=1" })
        #expect(await daemon.end().status == 0)
    }
}

/// The service manager's end.
private final class NotifySocket: Sendable {
    private let number: Int32

    init(_ path: String) throws {
        number = Glibc.socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
        let result = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { [number] in
                bind(number, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
        guard result == 0 else { throw EngineError("bind", errno: errno, path: path) }
        var time = timeval(tv_sec: 20, tv_usec: 0)
        setsockopt(number, SOL_SOCKET, SO_RCVTIMEO, &time, socklen_t(MemoryLayout<timeval>.size))
    }

    deinit { close(number) }

    /// Whether such a message comes within 20 seconds, the others dropped.
    func next(_ isWanted: @escaping @Sendable (String) -> Bool) async throws -> Bool {
        let number = number
        return try await blocking("read") {
            var buffer = [UInt8](repeating: 0, count: 4096)
            while true {
                let count = recv(number, &buffer, buffer.count, 0)
                guard count > 0 else { return false }
                if isWanted(String(decoding: buffer[0..<count], as: UTF8.self)) { return true }
            }
        }
    }
}

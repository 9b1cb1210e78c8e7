import Foundation
import PrivateTorrent
import Testing
import TorrentEngine

@testable import NodeControl

#if canImport(Glibc)
    import Glibc
#endif

/// The API on a TCP port of the loopback: who gets nothing.
@Suite(.timeLimit(.minutes(1)))
struct LoopbackTests {
    private static func start() async throws -> (node: RunningNode, port: UInt16, token: String) {
        let node = try await RunningNode.start(loopback: LoopbackOptions(parsing: "127.0.0.1:0"))
        let web = try #require(node.server.web)
        let port = try #require(URL(string: web.url)?.port)
        return (node, UInt16(port), try BearerToken(readingFrom: web.tokenFile).text)
    }

    /// What a request gets: the head, and the body.
    private static func ask(_ port: UInt16, _ method: String, _ lines: [String]) async throws -> String {
        let raw = try RawClient(port: port)
        let head = (["\(method) HTTP/1.1"] + lines + ["connection: close"]).joined(separator: "\r\n")
        raw.send("\(head)\r\n\r\n")
        return try #require(await raw.read())
    }

    @Test("Who has the token is served, and an answer is for no other page")
    func served() async throws {
        let (node, port, token) = try await Self.start()
        for host in ["127.0.0.1", "localhost", "LOCALHOST", "[::1]"] {
            let answer = try await Self.ask(
                port, "GET /v1/torrents",
                ["host: \(host):\(port)", "origin: http://\(host):\(port)", "authorization: bearer \(token)"])
            #expect(
                answer.hasPrefix("HTTP/1.1 200 ") && answer.hasSuffix(#"{"schemaVersion":1,"torrents":[]}"#))
            #expect(answer.contains("cross-origin-resource-policy: same-origin"))
            #expect(!answer.lowercased().contains("access-control-"))
        }
        #expect(try await node.client.status().web == node.server.web)
        try await node.stop()
    }

    @Test(
        "Without the token, or with another, there is nothing",
        arguments: ["GET /v1/status", "POST /v1/torrents"])
    func token(_ request: String) async throws {
        let (node, port, token) = try await Self.start()
        let wrong = (token.first == "0" ? "1" : "0") + token.dropFirst()
        for given in [
            nil, "Bearer \(wrong)", "Bearer \(token.dropLast())", "Bearer \(token)0", "Bearer ", "Bearer",
            "Basic \(token)", token, "",
        ] {
            let answer = try await Self.ask(
                port, request, ["host: localhost:\(port)"] + (given.map { ["authorization: \($0)"] } ?? []))
            #expect(answer.hasPrefix("HTTP/1.1 401 "), "\(given ?? "none")")
            #expect(
                answer.contains(
                    #"www-authenticate: Bearer realm="privatetorrent""#
                        + (given == nil ? "\r\n" : #", error="invalid_token""#)))
            #expect(answer.contains(#""code":"unauthorized""#))
        }
        let twice = try await Self.ask(
            port, request,
            ["host: localhost:\(port)", "authorization: Bearer \(token)", "authorization: Bearer \(token)"])
        #expect(twice.hasPrefix("HTTP/1.1 401 "))
        try await node.stop()
    }

    @Test("A name or a page of somebody else gets nothing, not even with the token")
    func others() async throws {
        let (node, port, token) = try await Self.start()
        let own = "host: localhost:\(port)"
        for lines in [
            ["host: evil.example:\(port)"], ["host: localhost"], ["host: localhost:\(port &+ 1)"],
            ["host: 127.0.0.1.evil.example:\(port)"], ["host: 127.0.0.2:\(port)"], [],
            [own, "host: evil.example:\(port)"], [own, "origin: http://evil.example"],
            [own, "origin: null"], [own, "origin: https://localhost:\(port)"],
            [own, "origin: http://127.0.0.1:\(port)"],
            [own, "origin: http://localhost:\(port)", "origin: http://evil.example"],
        ] {
            let answer = try await Self.ask(
                port, "GET /v1/status", lines + ["authorization: Bearer \(token)"])
            #expect(answer.hasPrefix("HTTP/1.1 403 ") || lines.isEmpty, "\(lines)")
            #expect(!answer.contains("processID"), "\(lines)")
        }
        let authorized = ["authorization: Bearer \(token)"]
        for (host, header, status) in [
            ("evil.example", own, 403), ("localhost:\(port)", "host: evil.example", 200),
            ("localhost:\(port)", "\(own)\r\n\(own)", 403),
        ] {
            let answer = try await Self.ask(port, "GET http://\(host)/v1/status", [header] + authorized)
            #expect(answer.hasPrefix("HTTP/1.1 \(status) "), "\(host), \(header): \(answer)")
        }
        let preflight = try await Self.ask(
            port, "OPTIONS /v1/status",
            [own, "origin: http://evil.example", "access-control-request-headers: authorization"])
        #expect(preflight.hasPrefix("HTTP/1.1 403 ") && !preflight.lowercased().contains("access-control-"))
        try await node.stop()
    }

    @Test("The body of who has no token is not read")
    func noBody() async throws {
        let (node, port, _) = try await Self.start()
        let raw = try RawClient(port: port)
        raw.send("POST /v1/torrents HTTP/1.1\r\nhost: localhost:\(port)\r\ncontent-length: 20000000\r\n\r\n")
        #expect(try #require(await raw.read()).hasPrefix("HTTP/1.1 401 "))
        try await node.stop()
    }

    @Test("Whoever fills the port keeps nobody from the socket")
    func full() async throws {
        var limits = ControlLimits()
        limits.connections = 2
        let node = try await RunningNode.start(
            loopback: LoopbackOptions(parsing: "127.0.0.1:0"), limits: limits)
        let port = UInt16(try #require(URL(string: node.server.web?.url ?? "")?.port))
        let crowd = try (0..<2).map { _ in try RawClient(port: port) }
        for _ in 0..<200 where !(try await Self.ask(port, "GET /", []).hasPrefix("HTTP/1.1 503 ")) {
            try await Task.sleep(for: .milliseconds(20))
        }
        #expect(try await Self.ask(port, "GET /", []).hasPrefix("HTTP/1.1 503 "))
        #expect(try await node.problem("GET", "/livez") == "200")
        withExtendedLifetime(crowd) {}
        try await node.stop()
    }

    @Test(
        "Only the loopback's own addresses are served",
        arguments: [
            "0.0.0.0:80", "[::]:80", "127.0.0.2:80", "10.0.0.1:80", "localhost:80", "lo:80", "127.0.0.1",
        ])
    func addresses(_ text: String) {
        #expect(throws: EngineError.self) { try LoopbackOptions(parsing: text) }
    }

    @Test("The token is made once, random and 0600; one that others can reach, or that is none, is refused")
    func tokenFile() throws {
        let folder = try RunningNode.makeFolder()
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let path = "\(folder)/token"
        func code(_ path: String) -> EngineError.Code? {
            do throws(EngineError) { _ = try BearerToken(readingFrom: path) } catch { return error.code }
            return nil
        }
        #expect(code(path) == .inputMissing)
        let former = umask(0)
        let token = try BearerToken(at: path)
        umask(former)
        #expect(try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int == 0o600)
        #expect(token.text.count == 64)
        #expect(try BearerToken(at: path).text == token.text)
        #expect(try BearerToken(at: "\(folder)/other").text != token.text)
        #expect(throws: EngineError.self) { try BearerToken(at: "token") }

        #expect(chmod(path, 0o640) == 0)
        #expect(code(path) == .permissionDenied)
        #expect(throws: EngineError.self) { try BearerToken(at: path) }
        #expect(chmod(path, 0o600) == 0)
        #expect(code(path) == nil)
        #expect(symlink(path, "\(folder)/link") == 0)
        #expect(code("\(folder)/link") != nil)
        #expect(mkfifo("\(folder)/fifo", 0o600) == 0)
        #expect(code("\(folder)/fifo") == .malformed)
        for text in ["", String(repeating: "g", count: 64), String(token.text.dropLast())] {
            try text.write(toFile: path, atomically: false, encoding: .utf8)
            #expect(code(path) == .malformed)
        }
    }

    @Test("A node whose token others know, or whose port is taken, does not start")
    func notStarted() async throws {
        let (node, port, _) = try await Self.start()
        let engine = try await Engine.start()
        let store = try await TorrentStore.open("\(node.folder)/other", engine: engine)
        func code(_ loopback: LoopbackOptions) async -> EngineError.Code? {
            do throws(EngineError) {
                await
                    (try ControlServer.start(
                        store, at: "\(node.folder)/run/other.sock", loopback: loopback)).stop()
            } catch { return error.code }
            return nil
        }
        #expect(await code(try LoopbackOptions(parsing: "127.0.0.1:\(port)")) == .inUse)
        let token = "\(node.folder)/run/other.sock.token"
        #expect(chmod(token, 0o644) == 0)
        #expect(await code(try LoopbackOptions(parsing: "127.0.0.1:0")) == .permissionDenied)
        // Root could read it; but its owner knows it too.
        if geteuid() == 0 {
            #expect(chmod(token, 0o600) == 0 && chown(token, 65534, 65534) == 0)
            #expect(await code(try LoopbackOptions(parsing: "127.0.0.1:0")) == .permissionDenied)
        }
        #expect(!FileManager.default.fileExists(atPath: "\(node.folder)/run/other.sock"))
        _ = await store.shutdown()
        try await engine.shutdown()
        try await node.stop()
    }
}

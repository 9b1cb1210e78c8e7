import Foundation
import NodeInterface
import PrivateTorrent
import Testing
import TorrentEngine

@testable import NodeControl

/// What a client cannot do to a node.
@Suite(.timeLimit(.minutes(1)))
struct BoundsTests {
    @Test("Who connects while the server stops gets an answer or the end, and the process goes on")
    func stopAmidConnections() async throws {
        let node = try await RunningNode.start()
        let path = "\(node.folder)/run/other.sock"
        for _ in 0..<12 {
            let server = try await ControlServer.start(node.store, at: path)
            let clients = (0..<8).map { _ in
                Task {
                    for _ in 0..<5 {
                        // A full backlog blocks.
                        let isThere = try? await blocking("connect") { () throws(EngineError) in
                            guard let raw = try? RawClient(path) else { return false }
                            return raw.send("GET /livez HTTP/1.1\r\nhost: x\r\n\r\n")
                        }
                        guard isThere == true else { return }
                    }
                }
            }
            try await Task.sleep(for: .milliseconds(3))
            await server.stop()
            for client in clients { await client.value }
        }
        #expect(try await node.client.status().torrents.total == 0)
        try await node.stop()
    }

    @Test(
        "What is no HTTP gets 400, and the connection goes",
        arguments: [
            "GARBAGE\r\n\r\n", "GET /livez\r\n\r\n", "GET /livez HTTP/1.1\r\nbad header\r\n\r\n",
            "POST /v1/torrents HTTP/1.1\r\nhost: x\r\ncontent-length: -1\r\n\r\n",
            "POST /v1/torrents HTTP/1.1\r\nhost: x\r\ncontent-length: 3\r\ntransfer-encoding: chunked\r\n\r\nabc",
            "POST /v1/torrents HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n",
            "GET /v1/%zz HTTP/1.1\r\nhost: x\r\n\r\n",
            "GET * HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n",
            "GET /livez HTTP/1.1\r\n\r\n", "GET /livez HTTP/1.1\r\nhost: x\r\nhost: y\r\n\r\n",
            "GET /%-0 HTTP/1.1\r\nhost: x\r\n\r\n",
        ])
    func malformed(_ text: String) async throws {
        let node = try await RunningNode.start()
        let raw = try RawClient(node.server.path)
        raw.send(text)
        let answer = try #require(await raw.read())
        #expect(answer.hasPrefix("HTTP/1.1 400 "))
        #expect(answer.contains("application/problem+json") && answer.contains("\"code\":\"badRequest\""))
        try await node.stop()
    }

    @Test("Headers that are too large get 431")
    func headers() async throws {
        let node = try await RunningNode.start()
        for text in [
            "GET /livez HTTP/1.1\r\nx: \(String(repeating: "y", count: 40_000))\r\n\r\n",
            "GET /livez HTTP/1.1\r\n"
                + String(repeating: "x: \(String(repeating: "y", count: 300))\r\n", count: 120)
                + "\r\n",
        ] {
            let raw = try RawClient(node.server.path)
            raw.send(text)
            #expect(try #require(await raw.read()).hasPrefix("HTTP/1.1 431 "))
        }
        try await node.stop()
    }

    @Test("A body that is too large gets 413, announced or not")
    func bodies() async throws {
        var limits = ControlLimits()
        (limits.bodyBytes, limits.torrentBodyBytes) = (1000, 2000)
        let node = try await RunningNode.start(limits: limits)
        let head = "PUT /v1/torrents/\(String(repeating: "0", count: 40))/limits HTTP/1.1\r\nhost: x\r\n"
        for text in [
            "\(head)content-length: 1001\r\n\r\n", "\(head)content-length: 9223372036854775808\r\n\r\n",
            "\(head)transfer-encoding: chunked\r\n\r\n1000\r\n\(String(repeating: "y", count: 1500))",
        ] {
            let raw = try RawClient(node.server.path)
            raw.send(text)
            #expect(try #require(await raw.read()).hasPrefix("HTTP/1.1 413 "))
        }
        #expect(
            try await node.problem("POST", "/v1/torrents", String(repeating: " ", count: 1500))
                == "400 malformed")
        #expect(
            try await node.problem("POST", "/v1/torrents", String(repeating: " ", count: 2001))
                == "413 tooLarge")
        try await node.stop()
    }

    @Test("Who does not go on with a request, and who asks nothing, is cut")
    func slowRequests() async throws {
        var limits = ControlLimits()
        (limits.requestTime, limits.idleTime) = (.milliseconds(200), .milliseconds(200))
        let node = try await RunningNode.start(limits: limits)
        for text in [
            "", "GET /livez HTT", "POST /v1/torrents HTTP/1.1\r\nhost: x\r\ncontent-length: 9\r\n\r\nab",
        ] {
            let raw = try RawClient(node.server.path)
            raw.send(text)
            #expect(await raw.isCut())
        }
        try await node.stop()
    }

    @Test("More connections than may be are told so, and those that are there go on")
    func connections() async throws {
        var limits = ControlLimits()
        (limits.connections, limits.refusedTime) = (2, .seconds(1))
        let node = try await RunningNode.start(limits: limits)
        let request = "GET /livez HTTP/1.1\r\nhost: x\r\n\r\n"
        let first = [try RawClient(node.server.path), try RawClient(node.server.path)]
        for raw in first {
            raw.send(request)
            #expect(try #require(await raw.read { $0.hasSuffix("}") }).hasPrefix("HTTP/1.1 200 "))
        }
        #expect(try await node.problem("GET", "/livez") == "503 tooMany")
        // Who is refused and never asks goes too; and who comes when there are twice as many, at once.
        let silent = [try RawClient(node.server.path), try RawClient(node.server.path)]
        let beyond = try RawClient(node.server.path)
        beyond.send(request)
        #expect(await beyond.read() == "")
        #expect(await silent[0].read() == "")
        first[0].send(request)
        #expect(try #require(await first[0].read { $0.hasSuffix("}") }).hasPrefix("HTTP/1.1 200 "))
        try await node.stop()
    }

    @Test("A subscriber that does not read is cut, and the others get everything")
    func stalled() async throws {
        var limits = ControlLimits()
        // Long enough for the one who reads to be seen reading on a busy machine.
        (limits.stallTime, limits.waitingBatches, limits.batchTime) = (.seconds(4), 16, .milliseconds(20))
        let node = try await RunningNode.start(limits: limits)
        let heard = Locked<[ReceivedEvent]>([])
        let (begun, begin) = AsyncStream.makeStream(of: Void.self)
        let follower = Task {
            try await node.client.follow(begun: { begin.finish() }) { received in
                heard.withLock { $0.append(received) }
                return received.event.detail != "last"
            }
        }
        for await _ in begun {}
        let stalled = try RawClient(node.server.path)
        stalled.send("GET /v1/events HTTP/1.1\r\nhost: x\r\n\r\n")
        _ = await stalled.read { $0.contains("retry: ") }
        // Far more than the kernel holds for it, no faster than the one who reads takes it.
        let feed = node.server.feed
        let text = String(repeating: "x", count: 4096)
        let flood = Task {
            var sent = 0
            while !Task.isCancelled {
                for _ in 0..<20 { feed.take(event(detail: text)) }
                sent += 20
                while heard.withLock({ $0.count }) < sent, !Task.isCancelled {
                    try? await Task.sleep(for: .milliseconds(5))
                }
            }
            return sent
        }
        #expect(await stalled.isCut())
        flood.cancel()
        let sent = await flood.value
        feed.take(event(detail: "last"))
        try await follower.value
        let all = heard.withLock { $0 }
        #expect(all.count { $0.event.detail == text } == sent && sent >= 20)
        #expect(Set(all.compactMap(\.id)).count == all.count && !all.contains { $0.event.type == .gap })
        #expect(try await node.problem("GET", "/livez") == "200")
        try await node.stop()
    }

    @Test(
        "An answer to HEAD is that to GET without its body",
        arguments: [
            ("/livez", 200), ("/v1/events", 200), ("/v1/nothing", 404), ("/v1/torrents/x/pause", 405),
        ])
    func head(_ target: String, _ status: Int) async throws {
        let node = try await RunningNode.start()
        let raw = try RawClient(node.server.path)
        raw.send("HEAD \(target) HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n")
        let answer = try #require(await raw.read())
        #expect(
            answer.hasPrefix("HTTP/1.1 \(status) ")
                && answer.components(separatedBy: "\r\n\r\n").dropFirst() == [""], "\(answer)")
        try await node.stop()
    }

    @Test(
        "A target may have the host in it",
        arguments: ["http://x/livez", "HTTP://x/livez?y", "http://x:9/livez"])
    func absoluteForm(_ target: String) async throws {
        let node = try await RunningNode.start()
        let raw = try RawClient(node.server.path)
        raw.send("GET \(target) HTTP/1.1\r\nhost: y\r\nconnection: close\r\n\r\n")
        let answer = try #require(await raw.read())
        #expect(answer.hasPrefix("HTTP/1.1 200 "), "\(answer)")
        try await node.stop()
    }

    /// Red where the answer says 1.1: the text would come in chunks, which HTTP/1.0 does not know.
    @Test("Who speaks HTTP/1.0 is answered in it")
    func oldVersion() async throws {
        let node = try await RunningNode.start()
        for target in ["/livez", "/v1/events?follow=false"] {
            let raw = try RawClient(node.server.path)
            raw.send("GET \(target) HTTP/1.0\r\n\r\n")
            let answer = try #require(await raw.read())
            #expect(answer.hasPrefix("HTTP/1.0 200 "), "\(answer)")
            #expect(!answer.lowercased().contains("transfer-encoding"), "\(answer)")
        }
        try await node.stop()
    }

    @Test("Work is cancelled when its client goes")
    func clientGoes() async throws {
        let (waits, waiting) = AsyncStream.makeStream(of: Bool.self)
        let node = try await RunningNode.start(readiness: {
            waiting.yield(false)
            // Ends only by cancellation.
            try? await Task.sleep(for: .seconds(600))
            waiting.yield(Task.isCancelled)
            return []
        })
        var events = waits.makeAsyncIterator()
        do {
            let raw = try RawClient(node.server.path)
            raw.send("GET /readyz HTTP/1.1\r\nhost: x\r\n\r\n")
            #expect(await events.next() == false)
        }
        #expect(await events.next() == true)
        try await node.stop()
    }
}

/// An event as the engine's translator finds it.
func event(_ type: NodeEvent.Kind = .interfaceUp, detail: String) -> EventTranslator.Found {
    var event = NodeEvent(type, time: .init(milliseconds: 0))
    event.detail = detail
    return EventTranslator.Found(event: event)
}

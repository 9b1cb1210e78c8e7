import Foundation
import PrivateTorrent
import Testing
import TorrentEngine

@testable import NodeControl

@Suite(.timeLimit(.minutes(1)))
struct EventsTests {
    /// Follows until so many events came, and has the feed say `say` once it is heard.
    private func follow(
        _ node: RunningNode, after id: String? = nil, count: Int, say: @escaping @Sendable (EventFeed) -> Void
    ) async throws -> [ReceivedEvent] {
        var out: [ReceivedEvent] = []
        try await node.client.follow(after: id, begun: { say(node.server.feed) }) {
            out.append($0)
            return out.count < count
        }
        return out
    }

    @Test("Events come in order, with what is in them, whatever their text has")
    func order() async throws {
        let node = try await RunningNode.start()
        let texts = ["one", "two\nid: 7\ndata: x\n\n", "\u{1b}[31mthree\"\\<script>"]
        let found = try await follow(node, count: 3) { feed in
            for text in texts { feed.take(event(detail: text)) }
        }
        #expect(found.map(\.event.detail) == texts)
        #expect(found.map(\.event.type) == [.interfaceUp, .interfaceUp, .interfaceUp])
        #expect(Set(found.compactMap(\.id)).count == 3)
        try await node.stop()
    }

    @Test("Who resumes gets what came meanwhile, and nothing twice")
    func resume() async throws {
        let node = try await RunningNode.start()
        let first = try await follow(node, count: 1) { $0.take(event(detail: "1")) }
        for number in 2...5 { node.server.feed.take(event(detail: "\(number)")) }
        let rest = try await follow(node, after: first[0].id, count: 5) { $0.take(event(detail: "6")) }
        #expect(rest.map(\.event.detail) == ["2", "3", "4", "5", "6"])
        #expect(try await node.client.keptEvents().map(\.event.detail) == ["1", "2", "3", "4", "5", "6"])
        #expect(try await node.client.keptEvents(after: rest[2].id) == Array(rest[3...]))
        try await node.stop()
    }

    @Test("Who resumes too late, or with the ID of another run, is told of the gap")
    func gap() async throws {
        var limits = ControlLimits()
        limits.keptEvents = 4
        let node = try await RunningNode.start(limits: limits)
        let first = try await follow(node, count: 1) { $0.take(event(detail: "1")) }
        for number in 2...20 { node.server.feed.take(event(detail: "\(number)")) }
        let late = try await follow(node, after: first[0].id, count: 2) { _ in }
        #expect(late[0].event.type == .gap)
        let missed = try #require(late[0].event.missed)
        #expect(late[1].event.detail == "\(2 + missed)")
        for id in ["other-1", "nonsense", "\(node.server.feed.run)-99999"] {
            let other = try await follow(node, after: id, count: 1) { _ in }
            #expect(other[0].event.type == .gap && other[0].event.missed == nil)
        }
        try await node.stop()
    }

    @Test("Progress is told live and never kept")
    func progress() async throws {
        let node = try await RunningNode.start()
        let found = try await follow(node, count: 2) {
            $0.take(event(.progress, detail: "p"))
            $0.take(event(detail: "1"))
        }
        #expect(found.map(\.event.type) == [.progress, .interfaceUp])
        #expect(found[0].id == nil)
        try await node.stop()
    }

    @Test("As many may subscribe as may, and a place is free again when one goes")
    func subscribers() async throws {
        var limits = ControlLimits()
        limits.subscribers = 1
        let node = try await RunningNode.start(limits: limits)
        do {
            let raw = try RawClient(node.server.path)
            raw.send("GET /v1/events HTTP/1.1\r\nhost: x\r\n\r\n")
            #expect(try #require(await raw.read { $0.contains("retry: ") }).contains("text/event-stream"))
            #expect(try await node.problem("GET", "/v1/events") == "503 tooMany")
        }
        while node.server.feed.subscriberCount > 0 { try await Task.sleep(for: .milliseconds(10)) }
        _ = try await follow(node, count: 1) { $0.take(event(detail: "1")) }
        try await node.stop()
    }

    /// Red where batches have no end, are not put together, or what is missed is not told.
    @Test("What comes at once is sent together; who is too slow misses batches, and is told how many events")
    func batches() async throws {
        var limits = ControlLimits()
        (limits.batchTime, limits.waitingBatches) = (.milliseconds(100), 2)
        let node = try await RunningNode.start(limits: limits)
        let feed = node.server.feed
        let subscription = try feed.subscribe(after: nil)
        // Nobody reads: of six batches or more, two wait.
        let (rounds, count) = (6, 100)
        for round in 0..<rounds {
            for number in 0..<count { feed.take(event(detail: "\(round * count + number)")) }
            try await Task.sleep(for: .milliseconds(300))
        }
        let texts = Locked<[String]>([])
        let reading = Task {
            try await subscription.write { text in texts.withLock { $0.append(text) } }
        }
        // The retry and two batches; what comes then has room.
        while texts.withLock({ $0.count }) < 3 { try await Task.sleep(for: .milliseconds(10)) }
        feed.take(event(detail: "last"))
        while texts.withLock({ $0.last?.contains(#""detail":"last""#) != true }) {
            try await Task.sleep(for: .milliseconds(10))
        }
        reading.cancel()
        let heard = texts.withLock { $0 }
        let events = heard.joined().split(separator: "data: ").dropFirst().compactMap {
            try? JSONDecoder().decode(NodeEvent.self, from: Data($0.prefix { $0 != "\n" }.utf8))
        }
        let missed = events.compactMap(\.missed).reduce(0, +)
        let details = events.compactMap(\.detail)
        #expect(details.count + Int(missed) == rounds * count + 1)
        #expect(missed > 0 && feed.missed == missed)
        #expect(
            details.dropLast().compactMap { Int($0) } == details.dropLast().compactMap { Int($0) }.sorted())
        #expect(heard.count < details.count / 2)
        try await node.stop()
    }

    @Test("A stream that has nothing to say says so")
    func heartbeat() async throws {
        var limits = ControlLimits()
        limits.heartbeat = .milliseconds(50)
        let node = try await RunningNode.start(limits: limits)
        let raw = try RawClient(node.server.path)
        raw.send("GET /v1/events HTTP/1.1\r\nhost: x\r\n\r\n")
        #expect(
            await raw.read { $0.contains("\n: \n\n") || $0.contains("2\r\n: ") || $0.contains(": \n\n") }
                != nil)
        try await node.stop()
    }

    @Test("The node stops at once while clients are subscribed, and each of them hears the end")
    func stop() async throws {
        let node = try await RunningNode.start()
        let (begun, begin) = AsyncStream.makeStream(of: Void.self)
        let followers = (0..<8).map { _ in
            Task { () async -> ControlClientError? in
                do throws(ControlClientError) {
                    try await node.client.follow(begun: { begin.yield() }) { _ in true }
                    return nil
                } catch {
                    return error
                }
            }
        }
        var count = 0
        for await _ in begun {
            count += 1
            if count == followers.count { break }
        }
        let time = await ContinuousClock().measure { await node.server.stop(within: .seconds(30)) }
        #expect(time < .seconds(20))
        for follower in followers { #expect(await follower.value == .cutOff(path: node.server.path)) }
        try await node.stop()
    }
}

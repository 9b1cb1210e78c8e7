import Testing
import TorrentEngine

@Suite(.timeLimit(.minutes(1)))
struct RefusalsTests {
    /// Says a handshake from that address and waits for the end.
    private static func knock(from source: String, at endpoint: PeerEndpoint, _ infoHash: InfoHash) throws {
        let peer = try RawPeer(from: source, to: endpoint)
        peer.send(RawPeer.handshake(infoHash))
        _ = peer.receiveToEnd()
    }

    /// The refusals, once there are that many tries: what ends a connection comes just before it is counted.
    private func refusals(of engine: Engine, tries: UInt64) async throws -> Refusals {
        while true {
            let refusals = try await engine.refusals()
            if refusals.totals.values.reduce(0, +) >= tries { return refusals }
            try await Task.sleep(for: .milliseconds(5))
        }
    }

    @Test("Each refusal is counted by reason, and the last ones are listed: who, of what, how often, when")
    func listed() async throws {
        let fixture = try await EngineFixture()
        let first = try await fixture.seed("a", allowing: ["127.0.0.2"])
        let second = try await fixture.seed("bb", allowing: ["127.0.0.3"])
        let before = try await fixture.engine.refusals()
        #expect(before.totals.isEmpty && before.latest.isEmpty && before.forgotten == 0)
        let endpoint = fixture.endpoint
        try await onThread {
            for _ in 0..<2 { try Self.knock(from: "127.0.0.4", at: endpoint, first.infoHash) }
            for _ in 0..<3 { try Self.knock(from: "127.0.0.2", at: endpoint, second.infoHash) }
        }
        let elsewhere = try PeerEndpoint(parsing: "127.0.0.9:7000")
        try await first.start(dialling: [elsewhere])

        let refusals = try await refusals(of: fixture.engine, tries: 6)
        #expect(refusals.totals == [.notAMember: 2, .notOfThisTorrent: 3, .notDialled: 1])
        #expect(refusals.forgotten == 0)
        #expect(refusals.latest.map(\.reason) == [.notDialled, .notOfThisTorrent, .notAMember])
        #expect(refusals.latest.map(\.tries) == [1, 3, 2])
        #expect(refusals.latest.map(\.torrent) == [first.id, second.id, nil])
        #expect(refusals.latest.map(\.direction) == [.outgoing, .incoming, .incoming])
        #expect(refusals.latest[0].endpoint == elsewhere)
        #expect(refusals.latest[2].endpoint.address.description == "127.0.0.4")
        for peer in refusals.latest { #expect(peer.sinceFirst >= peer.sinceLast && peer.sinceLast >= .zero) }
        #expect(refusals.latest[1].sinceFirst > refusals.latest[1].sinceLast)
        try await fixture.engine.shutdown()
    }

    @Test("Whom two torrents admit is let in until neither does; a torrent that goes takes its members along")
    func shared() async throws {
        let fixture = try await EngineFixture()
        let first = try await fixture.seed("a", allowing: ["127.0.0.2", "127.0.0.3"])
        let second = try await fixture.seed("bb", allowing: ["127.0.0.2"])
        let endpoint = fixture.endpoint
        try await first.setMembers([Member(try AddressRule(parsing: "127.0.0.3"), source: .inviteList)])
        try await onThread { try Self.knock(from: "127.0.0.2", at: endpoint, first.infoHash) }
        #expect(try await refusals(of: fixture.engine, tries: 1).totals[.notAMember] == nil)
        try await second.setMembers([])
        try await first.remove()
        try await onThread {
            try Self.knock(from: "127.0.0.2", at: endpoint, second.infoHash)
            try Self.knock(from: "127.0.0.3", at: endpoint, second.infoHash)
        }
        let refused = try await refusals(of: fixture.engine, tries: 3)
        #expect(refused.totals[.notAMember] == 2)
        // Red where another torrent's withdrawal is named, or that a torrent went is none.
        #expect(refused.latest.map(\.reason) == [.notAMember, .notAMember, .notOfThisTorrent])
        #expect(refused.latest.map(\.formerMember?.torrent) == [first.id, second.id, first.id])
        #expect(
            refused.latest.map(\.formerMember?.member.rule.description) == [
                "127.0.0.3", "127.0.0.2", "127.0.0.2",
            ])
        try await fixture.engine.shutdown()
    }

    @Test("A flood from many addresses is bounded, and hides neither a member nor who came last")
    func flood() async throws {
        let fixture = try await EngineFixture()
        _ = try await fixture.seed("a", allowing: ["127.0.0.2"])
        let other = try await fixture.seed("bb", allowing: ["127.0.0.3"])
        let endpoint = fixture.endpoint
        let strangers = 1100
        try await onThread {
            try Self.knock(from: "127.0.0.2", at: endpoint, other.infoHash)
            for i in 0..<strangers {
                try Self.knock(from: "127.1.\(i / 200).\(i % 200 + 1)", at: endpoint, other.infoHash)
                // This one comes again and again: it is none of the least recent.
                if i.isMultiple(of: 100) { try Self.knock(from: "127.9.9.9", at: endpoint, other.infoHash) }
            }
        }
        let refusals = try await refusals(of: fixture.engine, tries: UInt64(strangers + 11 + 1))
        let addresses = refusals.latest.map(\.endpoint.address.description)
        #expect(refusals.totals == [.notAMember: UInt64(strangers + 11), .notOfThisTorrent: 1])
        #expect(refusals.latest.count == 1024 + 1)
        #expect(refusals.forgotten == UInt64(strangers + 1 - 1024))
        #expect(addresses.last == "127.0.0.2", "the member's try was the first of all, and is still there")
        #expect(addresses.first == "127.1.5.100")
        #expect(!addresses.contains("127.1.0.1"))
        #expect(refusals.latest.first { $0.endpoint.address.description == "127.9.9.9" }?.tries == 11)
        try await fixture.engine.shutdown()
    }

    @Test("After the engine's end there is nobody to ask")
    func shutDown() async throws {
        let fixture = try await EngineFixture()
        try await fixture.engine.shutdown()
        await #expect { try await fixture.engine.refusals() } throws: {
            ($0 as? EngineError)?.code == .shutDown
        }
    }
}

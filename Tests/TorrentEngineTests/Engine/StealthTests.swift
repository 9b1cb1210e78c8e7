import Testing
import TorrentEngine

@Suite(.timeLimit(.minutes(1)))
struct StealthTests {
    private func answer(to address: String, at endpoint: PeerEndpoint) async throws -> RawPeer.Answer {
        try await onThread { RawPeer.answer(to: address, at: endpoint, within: 1500) }
    }

    private func fixture(_ address: String = "127.0.0.1") async throws -> EngineFixture {
        try await EngineFixture(
            EngineConfiguration(listen: [ListenAddress(parsing: "\(address):0")], isStealthy: true))
    }

    @Test("A stranger's connection attempt is not even answered, and a member's is")
    func silence() async throws {
        let fixture = try await fixture()
        let torrent = try await fixture.seed("a", allowing: ["127.0.0.2", "127.0.9.0/24"])
        let endpoint = fixture.endpoint
        for address in ["127.0.0.3", "127.0.0.1", "127.0.10.1"] {
            #expect(try await answer(to: address, at: endpoint) == .silence)
        }
        for address in ["127.0.0.2", "127.0.9.200"] {
            #expect(try await answer(to: address, at: endpoint) == .connected)
        }
        let answer = try await onThread {
            let peer = try RawPeer(from: "127.0.0.2", to: endpoint)
            peer.send(RawPeer.handshake(torrent.infoHash))
            return peer.receive(68)
        }
        #expect(answer.count == 68)
        try await fixture.engine.shutdown()
    }

    @Test("The filter follows the members, live; more of them than it holds are still let in")
    func follows() async throws {
        let fixture = try await fixture()
        let torrent = try await fixture.seed("a", allowing: [])
        let endpoint = fixture.endpoint
        #expect(try await answer(to: "127.0.0.2", at: endpoint) == .silence)
        try await torrent.setMembers(EngineFixture.members(["127.0.0.2"]))
        #expect(try await answer(to: "127.0.0.2", at: endpoint) == .connected)
        let many = (0..<3000).map { "127.\($0 / 250 + 1).\($0 % 250).1" } + ["2001:db8::/32", "127.0.0.2"]
        try await torrent.setMembers(EngineFixture.members(many))
        for address in ["127.0.0.2", "127.1.0.1", "127.12.249.1"] {
            #expect(try await answer(to: address, at: endpoint) == .connected)
        }
        #expect(try await answer(to: "127.200.0.1", at: endpoint) == .silence)
        try await torrent.setMembers([])
        #expect(try await answer(to: "127.0.0.2", at: endpoint) == .silence)
        try await fixture.engine.shutdown()
    }
}

import Testing
import TorrentEngine

@Suite(.timeLimit(.minutes(1)))
struct CrowdTests {
    /// How many bytes answer a handshake. The engine takes peers of the same ID for one: hence the number.
    private func greeting(
        _ address: String, _ endpoint: PeerEndpoint, _ infoHash: InfoHash, _ number: UInt8
    ) async throws -> (peer: RawPeer, count: Int) {
        try await onThread {
            let peer = try RawPeer(from: address, to: endpoint)
            peer.send(RawPeer.handshake(infoHash).dropLast() + [number])
            return (peer, peer.receive(68).count)
        }
    }

    @Test("One address holds so many silent connections and no more: the oldest go, and a new one is served")
    func newcomers() async throws {
        let fixture = try await EngineFixture(
            EngineConfiguration(listen: [ListenAddress(parsing: "127.0.0.1:0")], newcomersPerAddress: 4))
        let torrent = try await fixture.seed("a", allowing: ["127.0.0.2", "127.0.0.3"])
        let events = fixture.engine.events()
        let endpoint = fixture.endpoint
        let crowd = try await onThread {
            try (0..<7).map { _ in try RawPeer(from: "127.0.0.2", to: endpoint) }
        }
        for old in crowd.prefix(3) {
            #expect(try await onThread { old.receiveToEnd() } == [])
        }
        for await event in events {
            guard case .peerRefused(let peer, .incoming, .tooMany, _) = event.kind else { continue }
            #expect(peer.address.description == "127.0.0.2")
            break
        }
        for (number, address) in ["127.0.0.2", "127.0.0.3"].enumerated() {
            #expect(try await greeting(address, endpoint, torrent.infoHash, UInt8(number)).count == 68)
        }
        withExtendedLifetime(crowd) {}
        try await fixture.engine.shutdown()
    }

    @Test("One address is so many peers of a torrent and no more; the next is refused and gets no byte")
    func peers() async throws {
        let fixture = try await EngineFixture(
            EngineConfiguration(listen: [ListenAddress(parsing: "127.0.0.1:0")], peersPerAddress: 2))
        let torrent = try await fixture.seed("a", allowing: ["127.0.0.2", "127.0.0.3"])
        let events = fixture.engine.events()
        let endpoint = fixture.endpoint
        var peers: [RawPeer] = []
        for (number, (address, bytes)) in [
            ("127.0.0.2", 68), ("127.0.0.2", 68), ("127.0.0.2", 0), ("127.0.0.3", 68),
        ].enumerated() {
            let (peer, count) = try await greeting(address, endpoint, torrent.infoHash, UInt8(number))
            #expect(count == bytes)
            peers.append(peer)
        }
        for await event in events {
            guard case .peerRefused(_, .incoming, let reason, _) = event.kind else { continue }
            #expect(reason == .tooMany)
            #expect(event.torrent == torrent.id)
            break
        }
        withExtendedLifetime(peers) {}
        try await fixture.engine.shutdown()
    }
}

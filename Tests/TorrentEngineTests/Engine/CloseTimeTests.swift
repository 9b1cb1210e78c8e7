import Testing
import TorrentEngine

/// When whoever asks for a torrent that is not for it sees the close: `Tests/Attacks` compares the times, and these show
/// that there is something in the way at all. Lower bounds only: a busy machine makes no difference.
@Suite(.timeLimit(.minutes(1)))
struct CloseTimeTests {
    /// The median of some tries: from the handshake to the close.
    private static func closing(
        _ infoHash: InfoHash, at endpoint: PeerEndpoint, tries: Int = 11, port: UInt16 = 0
    ) throws -> Duration {
        let took = try (0..<tries).map { _ in
            let peer = try RawPeer(from: "127.0.0.2", port: port, to: endpoint)
            return ContinuousClock().measure {
                peer.send(RawPeer.handshake(infoHash))
                #expect(peer.receiveToEnd() == [])
            }
        }
        return took.sorted()[tries / 2]
    }

    @Test("It is closed on at a time that says nothing, whether the torrent is here or not")
    func heldBack() async throws {
        let fixture = try await EngineFixture()
        _ = try await fixture.seed("a", allowing: ["127.0.0.2"])
        let other = try await fixture.seed("bb", allowing: ["127.0.0.3"])
        let endpoint = fixture.endpoint
        let absent = try InfoHash(parsing: String(repeating: "1", count: 40))
        for infoHash in [other.infoHash, absent] {
            let took = try await onThread { try Self.closing(infoHash, at: endpoint) }
            #expect(took > .milliseconds(5))
        }
        try await fixture.engine.shutdown()
    }

    @Test("Also beside a connection of its own from the same port to another listener")
    func samePort() async throws {
        let listen = try ["127.0.0.1:0", "127.0.0.9:0"].map { try ListenAddress(parsing: $0) }
        let fixture = try await EngineFixture(EngineConfiguration(listen: listen))
        let own = try await fixture.seed("a", allowing: ["127.0.0.2"])
        let other = try await fixture.seed("bb", allowing: ["127.0.0.3"])
        let endpoints = await fixture.engine.listeningEndpoints
        try #require(endpoints.count == 2)
        // Below those that the system gives to whoever dials.
        let took = try await onThread {
            let member = try RawPeer(from: "127.0.0.2", port: 20_721, to: endpoints[1])
            member.send(RawPeer.handshake(own.infoHash))
            #expect(member.receive(68).count == 68)
            return try Self.closing(other.infoHash, at: endpoints[0], tries: 1, port: 20_721)
        }
        #expect(took > .milliseconds(5))
        try await fixture.engine.shutdown()
    }
}

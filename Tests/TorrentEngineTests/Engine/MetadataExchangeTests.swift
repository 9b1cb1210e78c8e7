import Testing
import TorrentEngine

/// Members that lie in the metadata exchange (BEP 9). What a peer can say without a socket is fuzzed:
/// Tests/Fuzz/metadata.cpp.
@Suite(.timeLimit(.minutes(1)))
struct MetadataExchangeTests {
    /// Red where a member says only at first whether it has the metadata: the other one would wait for good.
    @Test(
        "Members that meet before either has the metadata both get it, and the content, from one that comes later"
    )
    func laterMetadata() async throws {
        let seed = try await EngineFixture()
        let shared = try await seed.seed("late", bytes: 1 << 20, allowing: ["127.0.0.2"])
        func member(_ address: String, of rules: [String]) async throws -> (EngineFixture, Torrent) {
            let listen = [try ListenAddress(parsing: "\(address):0")]
            let fixture = try await EngineFixture(EngineConfiguration(listen: listen))
            let torrent = try await fixture.engine.add(
                shared.infoHash,
                options: AddOptions(
                    saveFolder: fixture.folder.path, members: EngineFixture.members(rules),
                    downloadLimit: 1 << 19))
            return (fixture, torrent)
        }
        let (between, fromSeed) = try await member("127.0.0.2", of: ["127.0.0.3"])
        let (far, fromMember) = try await member("127.0.0.3", of: ["\(between.endpoint)"])
        try await fromSeed.start()
        let events = far.engine.events()
        try await fromMember.start(dialling: [between.endpoint])
        for await event in events {
            if case .peerStage(_, _, .extensions) = event.kind { break }
        }
        try await fromSeed.setMembers(EngineFixture.members(["127.0.0.3", "\(seed.endpoint)"]))
        try await fromSeed.start(dialling: [seed.endpoint])
        for torrent in [fromSeed, fromMember] {
            try await torrent.acceptMetadata(torrent.metadata(within: .seconds(10)))
        }
        // Not by a connection that came after all was there.
        #expect(try await fromSeed.status().state == .downloading)
        try await fromMember.waitUntilFinished(within: .seconds(30))
        for fixture in [far, between, seed] { try await fixture.engine.shutdown() }
    }

    @Test("A claim of large metadata costs no memory before it is there")
    func largeClaims() async throws {
        let fixture = try await EngineFixture()
        let infoHash = try InfoHash(parsing: String(repeating: "1", count: 40))
        let torrent = try await fixture.engine.add(
            infoHash,
            options: AddOptions(
                saveFolder: fixture.folder.path, members: EngineFixture.members(["127.0.9.0/24"])))
        try await torrent.start()
        let endpoint = fixture.endpoint
        let claimed = MetainfoLimits.standard.maxBytes
        let connections = 64
        let grown = try await onThread {
            let before = ProcessResources.now.memory
            let peers = try (0..<connections).map { try RawPeer(from: "127.0.9.\($0 + 1)", to: endpoint) }
            for (number, peer) in peers.enumerated() {
                // Each with an address and a peer ID of its own: one member has only so many connections.
                peer.send(
                    RawPeer.handshake(infoHash).dropLast() + [UInt8(number)]
                        + RawPeer.extended(0, "d1:md11:ut_metadatai2ee13:metadata_sizei\(claimed)ee"))
            }
            for peer in peers {
                #expect(peer.receive(68).count == 68)
                // Its handshake, and then it asks: the claim was taken.
                while true {
                    let message = peer.receiveMessage()
                    guard message.count > 2 else {
                        throw EngineError(.network, "wait to be asked", reason: "closed")
                    }
                    if message[0] == 20, message[1] == 2 { break }
                }
            }
            return ProcessResources.now.memory - before
        }
        #expect(grown < claimed * connections / 4, "grew by \(grown) bytes")
        try await fixture.engine.shutdown()
    }
}

import Testing
import TorrentEngine

/// Members that lie in the metadata exchange (BEP 9). What a peer can say without a socket is fuzzed:
/// Tests/Fuzz/metadata.cpp.
@Suite(.timeLimit(.minutes(1)))
struct MetadataExchangeTests {
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

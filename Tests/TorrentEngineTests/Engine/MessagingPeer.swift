import Testing
import TorrentEngine

/// A torrent that speaks `slskdn`, and raw peers that speak it too.
struct MessagingFixture {
    let fixture: EngineFixture
    let metainfo: Metainfo
    let torrent: Torrent

    /// Members: 127.0.0.2 is bob's, 127.0.0.3 nobody's, 127.0.0.4 shared by two, 127.0.1.N is peer N's.
    init(_ messages: MessageChannel? = MessageChannel(peerID: "alice")) async throws {
        fixture = try await EngineFixture()
        metainfo = try await fixture.metainfo("a")
        let owners = [("127.0.0.2", "bob"), ("127.0.0.3", nil), ("127.0.0.4", "x"), ("127.0.0.4", "y")]
        let many = (1...20).map { ("127.0.1.\($0)", String?.some("peer \($0)")) }
        torrent = try await fixture.engine.add(
            metainfo,
            options: AddOptions(
                saveFolder: fixture.folder.path,
                members: (owners + many).map {
                    Member(try AddressRule(parsing: $0), source: .overlay, peerID: $1)
                },
                content: .complete, messages: messages))
        try await torrent.start()
        try await torrent.waitUntilFinished()
    }

    /// A peer past both handshakes; the second value is our extension handshake, as text.
    func peer(_ address: String, claiming claim: String?) async throws -> (RawPeer, String) {
        let (endpoint, infoHash) = (fixture.endpoint, torrent.infoHash)
        return try await onThread {
            let peer = try RawPeer(from: address, to: endpoint, patience: 60)
            // The engine cuts a peer whose ID another connection has, one that is still closing too.
            let hello =
                RawPeer.handshake(infoHash).dropLast(12) + (0..<12).map { _ in UInt8.random(in: 0...255) }
            peer.send(hello + RawPeer.claim(claim))
            _ = peer.receive(68)
            return (peer, String(decoding: peer.receiveMessage(), as: UTF8.self))
        }
    }

    /// Sends, and returns once the engine has looked at all of it, or has cut the connection.
    func send(_ bytes: [UInt8], by peer: RawPeer, isCut: Bool = false) async throws {
        let stands = try await onThread {
            peer.send(bytes)
            peer.send(RawPeer.extended(2, "d8:msg_typei0e5:piecei0ee"))
            while true {
                let message = peer.receiveMessage()
                guard let kind = message.first else { return false }
                if kind == 20, message.count > 1, message[1] == 2 { return true }
            }
        }
        #expect(stands == !isCut)
    }

    func shutdown() async throws { try await fixture.engine.shutdown() }
}

extension RawPeer {
    /// An extension handshake of a peer that speaks the metadata exchange and `slskdn`.
    static func claim(_ claim: String?) -> [UInt8] {
        let identity = claim.map { "9:slskdn_id\($0.utf8.count):\($0)" } ?? ""
        return extended(0, "d1:md6:slskdni33e11:ut_metadatai2ee\(identity)e")
    }

    /// A message to the ID that our engine asks for.
    static func message(_ kind: UInt8, _ body: [UInt8]) -> [UInt8] { payload([kind] + body) }

    static func payload(_ payload: [UInt8]) -> [UInt8] {
        let length = UInt32(payload.count + 2)
        return (0..<4).map { UInt8(truncatingIfNeeded: length >> (24 - 8 * $0)) } + [20, 9] + payload
    }
}

import Glibc
import Testing
import TorrentEngine

@Suite(.timeLimit(.minutes(1)))
struct AdmissionTests {
    /// What each sort of caller says first. Everything at once: whoever waits for an answer learns nothing.
    private static func openings(_ infoHash: InfoHash) -> [[UInt8]] {
        let extended =
            RawPeer.extended(0, "d1:md11:ut_metadatai2eee") + RawPeer.extended(2, "d8:msg_typei0e5:piecei0ee")
        return [
            RawPeer.handshake(infoHash) + extended,
            [UInt8](repeating: 0x5a, count: 96 + 64),  // an MSE key: any 96 bytes are one
            Array("GET / HTTP/1.1\r\nHost: x\r\n\r\n".utf8),
            [0x16, 3, 1, 0, 200, 1] + [UInt8](repeating: 7, count: 200),
        ]
    }

    @Test("A stranger gets no byte, whatever it says, and is seen", arguments: 0..<4)
    func stranger(_ opening: Int) async throws {
        let fixture = try await EngineFixture()
        let torrent = try await fixture.seed("a", allowing: ["127.0.0.2"])
        let events = fixture.engine.events()
        let endpoint = fixture.endpoint
        let received = try await onThread {
            let peer = try RawPeer(from: "127.0.0.3", to: endpoint)
            peer.send(Self.openings(torrent.infoHash)[opening])
            return peer.receiveToEnd()
        }
        #expect(received == [])
        for await event in events {
            guard case .peerRefused(let peer, _, let reason, let tries) = event.kind else { continue }
            #expect(peer.address.description == "127.0.0.3")
            #expect(reason == .notAMember)
            #expect(tries == 1)
            break
        }
        try await fixture.engine.shutdown()
    }

    @Test("A member of one torrent gets no byte of another, and cannot tell it from one that is not there")
    func memberOfAnother() async throws {
        let fixture = try await EngineFixture()
        _ = try await fixture.seed("a", allowing: ["127.0.0.2"])
        let other = try await fixture.seed("bb", allowing: ["127.0.0.3"])
        let events = fixture.engine.events()
        let endpoint = fixture.endpoint
        let absent = try InfoHash(parsing: String(repeating: "1", count: 40))
        for infoHash in [other.infoHash, absent] {
            let received = try await onThread {
                let peer = try RawPeer(from: "127.0.0.2", to: endpoint)
                peer.send(RawPeer.handshake(infoHash))
                return peer.receiveToEnd()
            }
            #expect(received == [])
        }
        for await event in events {
            guard case .peerRefused(_, _, let reason, _) = event.kind else { continue }
            #expect(reason == .notOfThisTorrent)
            #expect(event.torrent == other.id)
            break
        }
        try await fixture.engine.shutdown()
    }

    @Test("A member is answered, and says nothing of itself that the protocol does not need")
    func memberIsAnswered() async throws {
        let fixture = try await EngineFixture()
        let torrent = try await fixture.seed("a", allowing: ["127.0.0.0/24"])
        let endpoint = fixture.endpoint
        let answer = try await onThread {
            let peer = try RawPeer(from: "127.0.0.2", to: endpoint)
            peer.send(RawPeer.handshake(torrent.infoHash) + RawPeer.extended(0, "d1:md11:ut_metadatai2eee"))
            return peer.receive(68) + peer.receiveMessage()
        }
        #expect(Array(answer.prefix(20)) == [19] + Array("BitTorrent protocol".utf8))
        let text = String(decoding: answer.dropFirst(68), as: UTF8.self)
        #expect(text.contains("ut_metadata"))
        #expect(text.contains("13:metadata_size"))
        for word in ["1:v", "6:yourip", "1:p", "ut_pex", "ut_holepunch", "libtorrent"] {
            #expect(!text.contains(word), "says \(word): \(text)")
        }
        try await fixture.engine.shutdown()
    }

    @Test("A handshake with the v2 bit is cut: the engine would crash on valid v1 metadata afterwards")
    func v2Bit() async throws {
        let fixture = try await EngineFixture()
        let metainfo = try await fixture.metainfo("a")
        let torrent = try await fixture.engine.add(
            metainfo.infoHash,
            options: AddOptions(
                saveFolder: fixture.folder.path, members: EngineFixture.members(["127.0.0.2"])))
        try await torrent.start()
        let events = fixture.engine.events()
        let endpoint = fixture.endpoint
        let received = try await onThread {
            let peer = try RawPeer(from: "127.0.0.2", to: endpoint)
            // As a program has it that is started right now.
            let copy = peer.copyOfOtherEnd()
            defer { close(copy) }
            peer.send(RawPeer.handshake(metainfo.infoHash, reserved: [0, 0, 0, 0, 0, 0x10, 0, 0x10]))
            return peer.receiveToEnd()
        }
        #expect(received != nil)
        for await event in events {
            guard case .peerRefused(_, _, let reason, _) = event.kind else { continue }
            #expect(reason == .harmfulHandshake)
            break
        }
        try await fixture.engine.shutdown()
    }

    @Test("A member that is withdrawn is cut at once, and does not come back")
    func revoked() async throws {
        let fixture = try await EngineFixture()
        let torrent = try await fixture.seed("a", allowing: ["127.0.0.2", "127.0.0.4"])
        let endpoint = fixture.endpoint
        let events = fixture.engine.events()
        let peer = try await onThread {
            let peer = try RawPeer(from: "127.0.0.2", to: endpoint)
            peer.send(RawPeer.handshake(torrent.infoHash))
            _ = peer.receive(68)
            return peer
        }
        for await event in events { if case .peerConnected = event.kind { break } }
        try await torrent.setMembers(EngineFixture.members(["127.0.0.4"]))
        let ended = try await onThread { peer.receiveToEnd() }
        #expect(ended != nil)
        let again = try await onThread {
            let peer = try RawPeer(from: "127.0.0.2", to: endpoint)
            peer.send(RawPeer.handshake(torrent.infoHash))
            return peer.receiveToEnd()
        }
        #expect(again == [])
        try await fixture.engine.shutdown()
    }

    @Test("Nobody is dialled who is no member, and the dial is refused in words")
    func noDialToStrangers() async throws {
        let fixture = try await EngineFixture()
        let torrent = try await fixture.seed("a", allowing: ["127.0.0.2:7000"])
        let events = fixture.engine.events()
        try await torrent.start(dialling: [PeerEndpoint(parsing: "127.0.0.2:7001")])
        for await event in events {
            guard case .peerRefused(let peer, let direction, let reason, _) = event.kind else { continue }
            #expect(peer.description == "127.0.0.2:7001")
            #expect(direction == .outgoing)
            #expect(reason == .notDialled)
            break
        }
        try await fixture.engine.shutdown()
    }

    @Test("The settings that close the public channels are in force")
    func closedSettings() async throws {
        let fixture = try await EngineFixture()
        let settings = try await fixture.engine.closedSettings()
        for name in ["enable_dht", "enable_lsd", "enable_upnp", "enable_natpmp", "enable_incoming_utp"] {
            #expect(settings[name] == "0")
        }
        #expect(settings["dht_bootstrap_nodes"] == "")
        try await fixture.engine.shutdown()
    }
}

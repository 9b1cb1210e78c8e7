import Glibc
import Testing
import TorrentEngine

/// A member that tries to make us dial where policy did not send us.
@Suite(.timeLimit(.minutes(1)))
struct RedirectionTests {
    @Test("The port that a member names is not dialled after it has gone", arguments: ["", "1:pi1e"])
    func ownPort(_ duplicate: String) async throws {
        let fixture = try await EngineFixture()
        let metainfo = try await fixture.metainfo("a")
        let torrent = try await fixture.engine.add(
            metainfo.infoHash,
            options: AddOptions(
                saveFolder: fixture.folder.path, members: EngineFixture.members(["127.0.0.2"])))
        try await torrent.start()
        let trap = try Trap("127.0.0.2")
        let endpoint = fixture.endpoint
        let events = fixture.engine.events()
        try await onThread {
            let peer = try RawPeer(from: "127.0.0.2", to: endpoint)
            peer.send(
                RawPeer.handshake(metainfo.infoHash)
                    + RawPeer.extended(
                        0, "d1:md11:ut_metadatai2ee\(duplicate)1:pi\(trap.port)e6:yourip4:abcde"))
            _ = peer.receive(68)
            _ = peer.receiveMessage()
        }
        for await event in events { if case .peerDisconnected = event.kind { break } }
        // The engine dials again a second after a connection ended: that is the time in which it must not.
        let dials = try await onThread { trap.dials(within: 3500) }
        #expect(dials == 0)
        try await fixture.engine.shutdown()
    }

    @Test("A rendezvous between members is neither answered nor followed")
    func holepunch() async throws {
        let fixture = try await EngineFixture()
        let torrent = try await fixture.seed("a", allowing: ["127.0.0.2", "127.0.0.4"])
        let trap = try Trap("127.0.0.4")
        let endpoint = fixture.endpoint
        let answers = try await onThread {
            let peer = try RawPeer(from: "127.0.0.2", to: endpoint)
            peer.send(
                RawPeer.handshake(torrent.infoHash)
                    + RawPeer.extended(0, "d1:md12:ut_holepunchi4e11:ut_metadatai2eee"))
            _ = peer.receive(68)
            let port = [UInt8(trap.port >> 8), UInt8(truncatingIfNeeded: trap.port)]
            for kind in [UInt8(0), 1] {  // rendezvous, connect
                peer.send([0, 0, 0, 10, 20, 4, kind, 0, 127, 0, 0, 4] + port)
            }
            // What is asked last is answered last: the metadata, after which no holepunch answer can still come.
            peer.send(RawPeer.extended(2, "d8:msg_typei0e5:piecei0ee"))
            var seen: [UInt8] = []
            while true {
                let message = peer.receiveMessage()
                guard let kind = message.first else { break }
                guard kind == 20, message.count > 1 else { continue }
                seen.append(message[1])
                if message[1] == 2 { break }
            }
            return seen
        }
        #expect(answers.filter { $0 == 4 }.isEmpty)
        #expect(answers.last == 2)
        let dials = try await onThread { trap.dials(within: 2500) }
        #expect(dials == 0)
        try await fixture.engine.shutdown()
    }
}

/// A listener that nobody should dial.
private final class Trap: Sendable {
    let port: UInt16
    private let descriptor: Int32

    init(_ address: String) throws {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_NONBLOCK.rawValue), 0)
        var local = sockaddr_in()
        local.sin_family = sa_family_t(AF_INET)
        inet_pton(AF_INET, address, &local.sin_addr)
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let listening = withUnsafeMutablePointer(to: &local) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(descriptor, $0, length) == 0 && listen(descriptor, 16) == 0
                    && getsockname(descriptor, $0, &length) == 0
            }
        }
        guard listening else {
            throw EngineError(.network, "set a trap", reason: String(cString: strerror(errno)))
        }
        self.descriptor = descriptor
        port = UInt16(bigEndian: local.sin_port)
    }

    deinit { close(descriptor) }

    func dials(within milliseconds: Int32) -> Int {
        var entry = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
        guard poll(&entry, 1, milliseconds) > 0 else { return 0 }
        var count = 0
        while case let peer = accept(descriptor, nil, nil), peer >= 0 {
            close(peer)
            count += 1
        }
        return count
    }
}

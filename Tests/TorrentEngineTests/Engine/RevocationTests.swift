import Glibc
import Testing
import TorrentEngine

/// What a member gets that is a member no longer.
@Suite(.timeLimit(.minutes(1)))
struct RevocationTests {
    // Red without `cut_non_members` in torrent.cpp: the session's filter still lets the address in.
    @Test("Withdrawn from one torrent, it is cut there, though it is a member of another")
    func fromOneOfTwo() async throws {
        let fixture = try await EngineFixture()
        let torrent = try await fixture.seed("a", allowing: ["127.0.0.2"])
        _ = try await fixture.seed("bb", allowing: ["127.0.0.2"])
        let peer = try await fixture.connectedPeer(of: torrent)
        try await torrent.setMembers([])
        #expect(try await onThread { peer.receiveToEnd() } != nil)
        try await fixture.engine.shutdown()
    }

    // Red without keep_from_children: a descriptor that the child has got keeps the connection open.
    @Test("A program that was started meanwhile holds neither its connection open, nor the listener")
    func childHoldsNothing() async throws {
        let fixture = try await EngineFixture()
        let torrent = try await fixture.seed("a", allowing: ["127.0.0.2"])
        let peer = try await fixture.connectedPeer(of: torrent)
        let endpoint = fixture.endpoint
        var child: pid_t = 0
        let words: [UnsafeMutablePointer<CChar>?] = ["sleep", "60"].map { (word: String) in strdup(word) }
        defer { for word in words { free(word) } }
        try #require(posix_spawnp(&child, "sleep", nil, nil, words + [nil], environ) == 0)
        defer {
            kill(child, SIGKILL)
            waitpid(child, nil, 0)
        }
        try await torrent.setMembers([])
        #expect(try await onThread { peer.receiveToEnd() } != nil)
        try await fixture.engine.shutdown()
        // A child of another test holds the listener until it executes its program; ours would for a minute.
        var answer = RawPeer.Answer.connected
        for _ in 0..<100 where answer != .refused {
            answer = try await onThread { RawPeer.answer(to: "127.0.0.2", at: endpoint, within: 1000) }
            if answer != .refused { try await Task.sleep(for: .milliseconds(100)) }
        }
        #expect(answer == .refused)
    }

    // Red without reset_connection in internals.cpp: the kernel goes on sending what it was given.
    @Test(
        "What was still to be sent to it is not delivered, not even where a program that is started has a copy"
    )
    func nothingDrains() async throws {
        let fixture = try await EngineFixture()
        let torrent = try await fixture.seed("a", bytes: 4_000_000, allowing: ["127.0.0.2"])
        let endpoint = fixture.endpoint
        let (peer, before, copy) = try await onThread {
            // It asks for more than the kernel takes for it, and reads none of it.
            let peer = try RawPeer(from: "127.0.0.2", to: endpoint, receiveBuffer: 4096)
            let copy = peer.copyOfOtherEnd()
            peer.send(RawPeer.handshake(torrent.infoHash) + [0, 0, 0, 1, 2])
            _ = peer.receive(68)
            var isChoked = true
            while isChoked { isChoked = peer.receiveMessage() != [1] }
            for piece: UInt8 in 0..<60 {
                peer.send([0, 0, 0, 13, 6, 0, 0, 0, piece, 0, 0, 0, 0, 0, 0, 64, 0])
            }
            var (waiting, steady) = (0, 0)
            while waiting == 0 || steady < 50 {
                usleep(10_000)
                let now = peer.waiting()
                steady = now == waiting ? steady + 1 : 0
                waiting = now
            }
            return (peer, waiting, copy)
        }
        defer { close(copy) }
        try await torrent.setMembers([])
        let after = try await onThread { peer.receiveToEnd() }
        #expect((after?.count ?? .max) <= before)
        try await fixture.engine.shutdown()
    }
}

extension EngineFixture {
    /// 127.0.0.2, after its handshake.
    fileprivate func connectedPeer(of torrent: Torrent) async throws -> RawPeer {
        let (events, endpoint) = (engine.events(), endpoint)
        let peer = try await onThread {
            let peer = try RawPeer(from: "127.0.0.2", to: endpoint)
            peer.send(RawPeer.handshake(torrent.infoHash))
            _ = peer.receive(68)
            return peer
        }
        for await event in events { if case .peerConnected = event.kind { break } }
        return peer
    }
}

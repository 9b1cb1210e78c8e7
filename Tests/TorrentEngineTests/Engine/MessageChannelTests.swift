import Glibc
import Testing

@testable import TorrentEngine

@Suite(.timeLimit(.minutes(2)))
struct MessageChannelTests {
    @Test("Two engines send each other signals, to the ID that each has proven")
    func bothWays() async throws {
        let fixture = try await MessagingFixture()
        let here = fixture.fixture
        let other = try await Engine.start(
            EngineConfiguration(listen: [ListenAddress(parsing: "127.0.0.2:0")]))
        try here.folder.makeFolder("out")
        // By info-hash, and its metadata stays held: between two that have everything the engine closes the connection.
        let torrent = try await other.add(
            fixture.metainfo.infoHash,
            options: AddOptions(
                saveFolder: here.folder.full("out"),
                members: [Member(try AddressRule(here.endpoint), source: .overlay, peerID: "alice")],
                messages: MessageChannel(peerID: "bob")))
        var toAlice = here.engine.messages().makeAsyncIterator()
        var toBob = other.messages().makeAsyncIterator()
        try await torrent.start(dialling: [here.endpoint])
        let body = Array("{}".utf8)
        while try await torrent.send(body, to: .peer("alice")) == .noSession {
            try await Task.sleep(for: .milliseconds(5))
        }
        let first = try #require(await toAlice.next())
        #expect(first.body == body)
        #expect(first.peerID == "bob")
        #expect(first.member?.peerID == "bob")
        #expect(first.torrent == fixture.torrent.id)

        let largest = [UInt8](repeating: 7, count: 65536)
        var times: [Duration] = []
        for round in 0..<14 {
            let start = ContinuousClock.now
            #expect(try await fixture.torrent.send(largest, to: .peer("bob")) == .sent)
            let message = try #require(await toBob.next())
            times.append(ContinuousClock.now - start)
            #expect(message.body == largest)
            #expect(message.peerID == "alice")
            if round % 7 == 6 { try await Task.sleep(for: .seconds(1.1)) }  // the budget is bytes a second
        }
        print("a signal of 64 KiB, engine to engine: median \(times.sorted()[times.count / 2])")
        #expect(try await fixture.torrent.send(body, to: .endpoint(first.endpoint)) == .sent)
        #expect(await toBob.next()?.body == body)

        #expect(try await torrent.send(body, to: .peer("bob")) == .noSession)
        #expect(
            try await torrent.send(body, to: .endpoint(PeerEndpoint(parsing: "127.0.0.1:1"))) == .noSession)
        let tooLong = await #expect(throws: EngineError.self) {
            try await torrent.send(largest + [0], to: .peer("alice"))
        }
        #expect(tooLong?.code == .limitExceeded)
        try await other.shutdown()
        try await fixture.shutdown()
    }

    @Test(
        "A signal counts only from a connection that claims the one ID that its address has",
        arguments: [
            ("127.0.0.2", "bob", "received"), ("127.0.0.2", "mallory", "wrongIdentity"),
            ("127.0.0.2", nil, "noIdentity"), ("127.0.0.2", String(repeating: "b", count: 65), "noIdentity"),
            ("127.0.0.3", "bob", "noIdentity"), ("127.0.0.4", "x", "noIdentity"),
        ] as [(String, String?, String)])
    func identity(_ address: String, _ claim: String?, _ counted: String) async throws {
        let fixture = try await MessagingFixture()
        let (peer, _) = try await fixture.peer(address, claiming: claim)
        try await fixture.send(RawPeer.message(1, [1, 2, 3]), by: peer)
        let counters = try await fixture.torrent.messageCounters()
        #expect(counters.received == (counted == "received" ? 1 : 0))
        #expect(counters.wrongIdentity == (counted == "wrongIdentity" ? 1 : 0))
        #expect(counters.noIdentity == (counted == "noIdentity" ? 1 : 0))
        // Nor is it addressed under a name that it has not proven.
        let sent = try await fixture.torrent.send([], to: .peer(claim ?? "bob"))
        #expect(sent == (counted == "received" ? .sent : .noSession))
        try await fixture.shutdown()
    }

    @Test("The first claim of a connection is final")
    func firstClaim() async throws {
        let fixture = try await MessagingFixture()
        var messages = fixture.fixture.engine.messages().makeAsyncIterator()
        let (bob, _) = try await fixture.peer("127.0.0.2", claiming: "bob")
        try await fixture.send(RawPeer.claim("mallory") + RawPeer.message(1, [1]), by: bob)
        #expect(await messages.next()?.peerID == "bob")
        let (mallory, _) = try await fixture.peer("127.0.0.2", claiming: "mallory")
        try await fixture.send(RawPeer.claim("bob") + RawPeer.message(1, [2]), by: mallory)
        let counters = try await fixture.torrent.messageCounters()
        #expect(counters.secondClaims == 2)
        #expect(counters.wrongIdentity == 1)
        #expect(counters.received == 1)
        try await fixture.shutdown()
    }

    @Test("An address that is given to somebody else no longer proves the old claim")
    func reassigned() async throws {
        let fixture = try await MessagingFixture()
        let (peer, _) = try await fixture.peer("127.0.0.2", claiming: "bob")
        try await fixture.torrent.setMembers([
            Member(try AddressRule(parsing: "127.0.0.2"), source: .overlay, peerID: "carol")
        ])
        try await fixture.send(RawPeer.message(1, []), by: peer)
        #expect(try await fixture.torrent.messageCounters().wrongIdentity == 1)
        #expect(try await fixture.torrent.send([], to: .peer("bob")) == .noSession)
        try await fixture.shutdown()
    }

    @Test("What is no signal is dropped and counted; fragments are put together")
    func malformed() async throws {
        let fixture = try await MessagingFixture()
        var messages = fixture.fixture.engine.messages().makeAsyncIterator()
        let (peer, _) = try await fixture.peer("127.0.0.2", claiming: "bob")
        for kind in [UInt8(0), 2, 127, 128, 255] {
            try await fixture.send(RawPeer.message(kind, [1]), by: peer)
        }
        try await fixture.send(RawPeer.payload([]), by: peer)
        try await fixture.send(RawPeer.message(1, [UInt8](repeating: 0, count: 65537)), by: peer)
        let body = noise(65536)
        let whole = RawPeer.message(1, body)
        try await onThread {
            for start in stride(from: 0, to: whole.count, by: 9000) {
                peer.send(Array(whole[start..<min(whole.count, start + 9000)]))
                usleep(2000)
            }
        }
        try await fixture.send([], by: peer)
        #expect(await messages.next()?.body == body)
        let counters = try await fixture.torrent.messageCounters()
        #expect(counters.unknownKind == 5)
        #expect(counters.malformed == 1)
        #expect(counters.oversize == 1)
        #expect(counters.received == 1)
        try await fixture.shutdown()
    }

    @Test("A peer that sends too much is held to its budget, and one that goes on is cut")
    func flood() async throws {
        let fixture = try await MessagingFixture()
        let (peer, _) = try await fixture.peer("127.0.0.2", claiming: "bob")
        let burst = (0..<200).flatMap { _ in RawPeer.message(1, [1]) }
        try await fixture.send(burst, by: peer)
        let counters = try await fixture.torrent.messageCounters()
        #expect(counters.received + counters.overBudget == 200)
        #expect(counters.received <= 128)  // two seconds' worth, where the burst met a tick
        try await fixture.send((0..<20).flatMap { _ in burst }, by: peer, isCut: true)
        #expect(try await fixture.torrent.messageCounters().cut == 1)
        try await fixture.shutdown()
    }

    @Test("Nothing is queued without end for a peer that does not read")
    func neverReads() async throws {
        let fixture = try await MessagingFixture()
        let (peer, _) = try await fixture.peer("127.0.0.2", claiming: "bob")
        let body = [UInt8](repeating: 1, count: 65536)
        var outcome = SendOutcome.sent
        var sent = 0
        while outcome == .sent, sent < 1000 {  // the kernel's buffers take some megabytes
            outcome = try await fixture.torrent.send(body, to: .peer("bob"))
            sent += 1
        }
        #expect(outcome == .wouldBlock)
        withExtendedLifetime(peer) {}
        try await fixture.shutdown()
    }

    @Test("Messages that nobody takes up are dropped and counted, and cost bounded memory")
    func nobodyDrains() async throws {
        let fixture = try await MessagingFixture()
        let (here, release) = (Locked(false), Locked(false))
        let engine = fixture.fixture.engine
        let holding = Task { await engine.hold(here, until: release) }
        while !here.withLock({ $0 }) { await Task.yield() }
        let message = RawPeer.message(1, [UInt8](repeating: 1, count: 65536))
        for number in 1...12 {
            let (peer, _) = try await fixture.peer("127.0.1.\(number)", claiming: "peer \(number)")
            try await fixture.send((0..<7).flatMap { _ in message }, by: peer)
        }
        release.withLock { $0 = true }
        await holding.value
        let counters = try await fixture.torrent.messageCounters()
        #expect(counters.received + counters.queueFull == 84)
        #expect(counters.received < 64)  // 4 MiB
        try await fixture.shutdown()
    }

    @Test("A consumer that is too slow loses the newest, which is counted")
    func slowConsumer() async throws {
        let fixture = try await MessagingFixture()
        let engine = fixture.fixture.engine
        var messages = engine.messages(buffering: 2).makeAsyncIterator()
        let (peer, _) = try await fixture.peer("127.0.0.2", claiming: "bob")
        try await fixture.send((0..<5).flatMap { RawPeer.message(1, [UInt8($0)]) }, by: peer)
        while engine.missedMessages < 3 { try await Task.sleep(for: .milliseconds(5)) }
        #expect(await messages.next()?.body == [0])
        #expect(await messages.next()?.body == [1])
        try await fixture.shutdown()
    }

    @Test("A swarm hears nothing of slskdn unless asked for, and nothing of our ID unless it is set")
    func silence() async throws {
        for (channel, words) in [
            (nil, []), (MessageChannel(), ["6:slskdni9e"]),
            (MessageChannel(peerID: "alice"), ["6:slskdni9e", "9:slskdn_id5:alice"]),
        ] as [(MessageChannel?, [String])] {
            let fixture = try await MessagingFixture(channel)
            let (peer, handshake) = try await fixture.peer("127.0.0.2", claiming: "bob")
            for word in ["6:slskdni9e", "9:slskdn_id5:alice"] {
                #expect(handshake.contains(word) == words.contains(word))
            }
            withExtendedLifetime(peer) {}
            if channel == nil {
                let error = await #expect(throws: EngineError.self) {
                    try await fixture.torrent.send([], to: .peer("bob"))
                }
                #expect(error?.code == .wrongState)
            }
            try await fixture.shutdown()
        }
    }

    @Test("A peer that knows nothing of slskdn is not spoken to")
    func stockPeer() async throws {
        let fixture = try await MessagingFixture()
        let (endpoint, infoHash) = (fixture.fixture.endpoint, fixture.torrent.infoHash)
        let peer = try await onThread {
            let peer = try RawPeer(from: "127.0.0.2", to: endpoint, patience: 60)
            peer.send(RawPeer.handshake(infoHash) + RawPeer.extended(0, "d1:md11:ut_metadatai2eee"))
            _ = peer.receive(68)
            _ = peer.receiveMessage()
            return peer
        }
        try await fixture.send([], by: peer)
        let connected = try #require(try await fixture.torrent.peers().first { $0.isConnected })
        #expect(try await fixture.torrent.send([1], to: .endpoint(connected.endpoint)) == .noSession)
        try await fixture.shutdown()
    }
}

extension Engine {
    /// Keeps the engine's thread busy, so that nothing is drained.
    fileprivate func hold(_ here: Locked<Bool>, until release: Locked<Bool>) {
        here.withLock { $0 = true }
        while !release.withLock({ $0 }) { usleep(1000) }
    }
}

import NodeInterface
import NodeSupport
import Testing
import TorrentEngine

@testable import PrivateTorrent

@Suite(.timeLimit(.minutes(2)))
struct BtExtensionChannelTests {
    @Test(
        "Two buses signal each other over one BitTorrent connection, and a spoofed sender is dropped")
    func overOneConnection() async throws {
        let scratch = try Scratch()
        let created = try await TorrentCreator().create(of: scratch.file("in", bytes: 50_000))
        let alice = try await Node("alice", "127.0.0.1")
        let bob = try await Node("bob", "127.0.0.2")
        let seeding = try await alice.engine.add(
            created.metainfo,
            options: AddOptions(
                saveFolder: scratch.path,
                members: [
                    Member(try AddressRule(parsing: "127.0.0.2"), source: .overlay, peerID: "bob")
                ], content: .complete, messages: MessageChannel(peerID: "alice")))
        try await seeding.start()
        let endpoint = try #require(await alice.engine.listeningEndpoints.first)
        let leeching = try await bob.engine.add(
            created.metainfo.infoHash,  // held: see MessageChannelTests
            options: AddOptions(
                saveFolder: scratch.folder("out"),
                members: [Member(try AddressRule(endpoint), source: .overlay, peerID: "alice")],
                messages: MessageChannel(peerID: "bob")))

        // No connection yet: the channel declines, and the bus has no other.
        let none = await #expect(throws: BackendError.self) { try await bob.send(to: "alice") }
        #expect(none?.code == .noPeer)

        var atAlice = await alice.bus.signals().makeAsyncIterator()
        var atBob = await bob.bus.signals().makeAsyncIterator()
        try await leeching.start(dialling: [endpoint])
        while try await leeching.send([], to: .peer("alice")) != .sent {
            try await Task.sleep(for: .milliseconds(5))
        }
        let sent = try await bob.send(to: "alice")
        let received = try #require(await atAlice.next())
        #expect(received.signal == sent)
        #expect(received.channel == .btExtension)
        let answer = try await alice.send(to: "bob")
        #expect(await atBob.next()?.signal == answer)

        // The connection is bob's, whatever the envelope says; and what is no envelope is counted too.
        #expect(try await leeching.send(Array("{".utf8), to: .peer("alice")) == .sent)
        let forged = Signal(
            fromPeerID: "mallory", toPeerID: "alice", sentAt: sent.sentAt,
            body: .jobCancel(JobCancel(jobID: "j", requestSignalID: "r")))
        let envelope = try SignalCodec.encode(forged)
        #expect(try await leeching.send(envelope, to: .peer("alice")) == .sent)
        let last = try await bob.send(to: "alice")
        #expect(await atAlice.next()?.signal == last)
        #expect(alice.channel.drops[.spoofedSender] == 1)
        #expect(alice.channel.drops[.malformed, default: 0] >= 1)
        try await alice.shutdown()
        try await bob.shutdown()
    }
}

/// A node's engine, its bus, and the channel between the two.
private struct Node {
    let engine: Engine
    let channel: BtExtensionChannel
    let bus: InMemorySignalBus
    private let peerID: String
    private let running: Task<Void, Never>

    init(_ peerID: String, _ address: String) async throws {
        self.peerID = peerID
        engine = try await Swarm.engine(address)
        let channel = BtExtensionChannel(engine: engine)
        let bus = InMemorySignalBus(localPeerID: peerID)
        await bus.add(channel)
        (self.channel, self.bus) = (channel, bus)
        running = Task { await channel.run(into: bus) }
    }

    @discardableResult
    func send(to peer: String) async throws(BackendError) -> Signal {
        let signal = Signal(
            fromPeerID: peerID, toPeerID: peer, sentAt: NodeClock.system.now,
            body: .jobCancel(JobCancel(jobID: "j", requestSignalID: "r")),
            preferredChannels: [.btExtension])
        try await bus.send(signal)
        return signal
    }

    func shutdown() async throws {
        try await engine.shutdown()
        await running.value
    }
}

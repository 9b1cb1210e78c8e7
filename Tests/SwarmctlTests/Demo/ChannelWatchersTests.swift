import Testing
import TorrentEngine

@testable import swarmctl

// In the process of the tests other suites have sockets too: what the socket table says is "at least" here.
@Suite("ChannelWatchers", .serialized)
struct ChannelWatchersTests {
    @Test("Every watcher is seen to count, and then counts from nothing")
    func selfTest() async throws {
        let watchers = try ChannelWatchers(DemoAddresses())
        defer { watchers.stop() }
        try await onThread { () throws(EngineError) in try WatcherSelfTest(watchers: watchers).run() }
        let counts = watchers.counts(parties: [])
        for channel in Channel.allCases where ![.dns, .otherTCP, .otherUDP].contains(channel) {
            #expect(counts[channel] == 0, "\(channel)")
        }
    }

    @Test("Connections and datagrams are counted one by one")
    func exact() async throws {
        let addresses = try DemoAddresses()
        let watchers = try ChannelWatchers(addresses)
        defer { watchers.stop() }
        let (tracker, node) = (try watchers.endpoint(.httpTracker), try watchers.endpoint(.dht))
        let held = try await onThread { () throws(EngineError) in
            let first = try RawSocket(.tcp, at: addresses.member)
            let second = try RawSocket(.tcp, at: addresses.member)
            #expect(first.connect(to: tracker))
            #expect(second.connect(to: tracker))
            let datagrams = try RawSocket(.udp, at: addresses.member)
            for _ in 0..<3 { datagrams.send([1], to: node) }
            RawSocket.waitReadable([], within: 200)
            return [first, second, datagrams]
        }
        let counts = watchers.counts(parties: [])
        #expect(counts[.httpTracker] == 2)
        #expect(counts[.dht] == 3)
        #expect(counts[.otherTCP] >= 2)
        #expect(counts[.udpTracker] == 0)
        withExtendedLifetime(held) {}
    }

    @Test("Sockets of the parties, and those that the demo binds itself, do not count")
    func parties() async throws {
        let addresses = try DemoAddresses()
        let listener = try RawSocket.listening(at: addresses.seed)
        let door = try listener.boundEndpoint()
        let sampler = try SocketTableSampler()
        defer { sampler.stop() }
        let (dialler, name) = try await onThread { () throws(EngineError) in
            let dialler = try RawSocket(.tcp, at: addresses.member)
            #expect(dialler.connect(to: door))
            let name = try RawSocket(.udp, at: addresses.member)
            #expect(name.connect(to: try PeerEndpoint(address: addresses.tracker, port: 53)))
            RawSocket.waitReadable([], within: 100)
            return (dialler, name)
        }
        let mine = try #require(SocketEnd.local(of: dialler.descriptor))
        #expect(SocketEnd.remote(of: dialler.descriptor) == SocketEnd(door))
        let with = sampler.counts(parties: [SocketEnd(door)], own: [])
        let without = sampler.counts(parties: [], own: [])
        #expect(with[.otherTCP] < without[.otherTCP])
        #expect(sampler.counts(parties: [], own: [mine.address])[.otherTCP] < without[.otherTCP])
        #expect(without[.dns] >= 1)
        withExtendedLifetime(name) {}
    }
}

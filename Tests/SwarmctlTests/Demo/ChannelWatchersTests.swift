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

    @Test("A connection that closes during a look is seen whole or not at all")
    func torn() async throws {
        // Addresses of its own: other tests open sockets in this process meanwhile.
        let dialling = try IPAddress(parsing: "127.0.77.2")
        let listener = try RawSocket.listening(at: try IPAddress(parsing: "127.0.77.1"))
        let door = try listener.boundEndpoint()
        let isOver = OnceFlag()
        let churning = Task {
            try await onThread { () throws(EngineError) in
                var count = 0
                while !isOver.isRaised {
                    let dialler = try RawSocket(.tcp, at: dialling)
                    if dialler.connect(to: door), listener.accept() != nil { count += 1 }
                }
                return count
            }
        }
        let torn = try await onThread { () throws(EngineError) in
            defer { isOver.raise() }
            return (0..<3000).reduce(into: 0) { torn, _ in
                torn += SocketTable.sightings().count { sighting in
                    let ends = [sighting.local, sighting.remote]
                    return ends.contains { $0?.address == dialling } && sighting.remote != nil
                        && !ends.contains(SocketEnd(door))
                }
            }
        }
        #expect(try await churning.value > 100)
        #expect(torn == 0)
    }
}

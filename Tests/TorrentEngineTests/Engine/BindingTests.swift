import Glibc
import Testing

@testable import TorrentEngine

/// What needs an interface of its own is in Tests/Network/binding.py.
@Suite(.timeLimit(.minutes(1)))
struct BindingTests {
    private static let hasIPv6: Bool = {
        var address = sockaddr_in6()
        address.sin6_family = sa_family_t(AF_INET6)
        address.sin6_addr = in6addr_loopback
        let descriptor = socket(AF_INET6, Int32(SOCK_STREAM.rawValue), 0)
        defer { close(descriptor) }
        return withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in6>.size)) == 0
            }
        }
    }()

    @Test(
        "Members of both families are dialled, and get there at the first try", .enabled(if: hasIPv6),
        arguments: [["127.0.0.1:0", "[::1]:0"], ["[::1]:0", "127.0.0.1:0"], ["lo:0"], []])
    func bothFamilies(listen: [String]) async throws {
        let ours = ["127.0.0.0/8", "::1"]
        var seeds: [EngineFixture] = []
        var seeded: [Torrent] = []
        for place in ["127.0.0.2:0", "[::1]:0"] {
            let seed = try await EngineFixture(EngineConfiguration(listen: [ListenAddress(parsing: place)]))
            seeded.append(try await seed.seed("a", allowing: ours))
            seeds.append(seed)
        }
        let infoHash = seeded[0].infoHash
        let engine = try await Engine.start(
            EngineConfiguration(listen: try listen.map { try ListenAddress(parsing: $0) }))
        let endpoints = seeds.map(\.endpoint)
        // Several times: the engine's own way takes the addresses in turn, and is right by chance.
        for round in 0..<3 {
            let events = engine.events()
            let torrent = try await engine.add(
                infoHash,
                options: AddOptions(
                    saveFolder: seeds[0].folder.path,
                    members: try endpoints.map { Member(try AddressRule($0), source: .inviteList) }))
            try await torrent.start(dialling: round == 1 ? endpoints.reversed() : endpoints)
            var reached: Set<PeerEndpoint> = []
            for await event in events {
                if case .peerConnected(let peer, .outgoing, _) = event.kind { reached.insert(peer) }
                // What cannot be bound fails for a reason that has no word of its own; what was too slow has one.
                if case .peerDisconnected(let peer, .outgoing, .other, let detail) = event.kind {
                    Issue.record("\(peer): \(detail)")
                    break
                }
                if reached == Set(endpoints) { break }
            }
            try await torrent.remove()
        }
        try await engine.shutdown()
        for seed in seeds { try await seed.engine.shutdown() }
    }

    @Test("A peer of a family that is not listed is not dialled", .enabled(if: hasIPv6))
    func otherFamily() async throws {
        let fixture = try await EngineFixture()
        let seed = try await EngineFixture(EngineConfiguration(listen: [ListenAddress(parsing: "[::1]:0")]))
        let torrent = try await fixture.seed("a", allowing: ["::1"])
        let events = fixture.engine.events()
        try await torrent.setMembers([Member(try AddressRule(seed.endpoint), source: .inviteList)])
        // A seed dials nobody, so what is dialled must still want something.
        let wanting = try await fixture.engine.add(
            InfoHash(parsing: String(repeating: "3", count: 40)),
            options: AddOptions(
                saveFolder: fixture.folder.path,
                members: [Member(try AddressRule(seed.endpoint), source: .inviteList)]))
        try await wanting.start(dialling: [seed.endpoint])
        for await event in events {
            guard case .peerRefused(let peer, let direction, let reason, _) = event.kind else { continue }
            #expect(peer == seed.endpoint)
            #expect(direction == .outgoing)
            #expect(reason == .notBound)
            break
        }
        try await fixture.engine.shutdown()
        try await seed.engine.shutdown()
    }

    @Test("An interface that is not there is refused, with what to do")
    func missing() async throws {
        let listen = [try ListenAddress(parsing: "no-such-if0:0")]
        let error = await #expect(throws: EngineError.self) {
            try await Engine.start(EngineConfiguration(listen: listen))
        }
        #expect(error?.code == .addressNotAvailable)
        let dialled = await #expect(throws: EngineError.self) {
            try await Engine.start(EngineConfiguration(dialFrom: listen[0]))
        }
        #expect(dialled?.code == .addressNotAvailable)
        #expect(dialled?.remedy?.contains("no-such-if0") == true)
    }

    @Test(
        "Dials leave from the first of each family that is no wildcard",
        arguments: [
            ([], ""), (["0.0.0.0:1"], ""), (["10.0.0.1:1", "10.0.0.2:1"], "10.0.0.1"),
            (["0.0.0.0:1", "10.0.0.2:1"], "10.0.0.2"), (["[fd00::1]:1", "10.0.0.2:1"], "10.0.0.2,fd00::1"),
            (["0.0.0.0:1", "[fd00::1]:1"], "0.0.0.0,fd00::1"), (["10.0.0.1:1", "wg0:1"], "wg0"),
        ])
    func outgoing(listen: [String], expected: String) throws {
        let configuration = EngineConfiguration(listen: try listen.map { try ListenAddress(parsing: $0) })
        #expect(configuration.outgoingInterfaces == expected)
    }
}

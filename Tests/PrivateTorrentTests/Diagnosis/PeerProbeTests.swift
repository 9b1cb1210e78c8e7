import Testing
import TorrentEngine

@testable import PrivateTorrent

/// Each stage that can fail, failed for real. Red where the gate does not say how far it got (`reach` in gate.cpp), or
/// `PeerProbe.take(_:after:)` maps an event to another stage.
@Suite(.timeLimit(.minutes(2)))
struct PeerProbeTests {
    /// Red where any stage is not reported, or counted for another connection.
    @Test("A member that is well: every stage, in order, with its time")
    func well() async throws {
        let fixture = try await DiagnosisFixture()
        let seed = try await fixture.seed(uploadLimit: 20_000)
        let node = try await fixture.fetch(from: [seed.endpoint.description], dialling: false)
        let probe = try await node.torrent.ping(seed.endpoint)
        #expect(probe.failure == nil && !probe.wasConnected, "\(probe)")
        #expect(probe.steps.map(\.stage) == PeerProbe.Stage.allCases)
        let reached = Dictionary(uniqueKeysWithValues: probe.steps.map { ($0.stage, $0.milliseconds) })
        let tcp = try #require(reached[.tcp])
        let handshake = try #require(reached[.handshake])
        let bitfield = try #require(reached[.bitfield])
        #expect(tcp <= handshake && handshake <= bitfield)
        #expect(try await node.torrent.ping(seed.endpoint).wasConnected)
        try await shutdown(seed, node)
    }

    /// Red where `upload_only` reaches the engine (gate.cpp).
    @Test("Both sides are whole: every stage, and no other dial after it")
    func bothWhole() async throws {
        let fixture = try await DiagnosisFixture()
        let other = try await fixture.seed()
        let node = try await fixture.node(
            "127.0.0.2", members: [other.endpoint.description], content: .complete, in: fixture.scratch.path,
            identities: fixture.created.identities, dialling: false)
        let probe = try await node.torrent.ping(other.endpoint)
        #expect(probe.failure == nil, "\(probe)")
        #expect(probe.steps.map(\.stage) == PeerProbe.Stage.allCases)
        // The engine dials again after a second where it does.
        try await Task.sleep(for: .seconds(3))
        #expect(try await node.engine.counters().dials == 1)
        try await shutdown(other, node)
    }

    /// Red where the first failure is not the stage after the last one that was reached.
    @Test("Nobody listens there: TCP fails")
    func refused() async throws {
        let fixture = try await DiagnosisFixture()
        let node = try await fixture.fetch(from: ["127.0.0.1:1"], dialling: false)
        let probe = try await node.torrent.ping(PeerEndpoint(parsing: "127.0.0.1:1"))
        #expect(probe.failure?.stage == .tcp && probe.failure?.reason == .connectionRefused, "\(probe)")
        #expect(probe.steps.map(\.stage) == [.dial])
        try await shutdown(node)
    }

    /// Red where the end of the time is said of another stage, or a timeout of the engine has no cause. The second ping
    /// takes up the dial of the first, which the engine gives up after 10 s.
    @Test("Nothing answers: TCP fails when the time is over, and then by the engine")
    func noAnswer() async throws {
        let fixture = try await DiagnosisFixture()
        let listener = try FullListener("127.0.0.7")
        let node = try await fixture.fetch(from: [listener.endpoint.description], dialling: false)
        var short = try await node.torrent.ping(listener.endpoint, within: .milliseconds(500))
        // A machine that is busy has not dialled yet.
        while short.failure?.stage == .dial {
            short = try await node.torrent.ping(listener.endpoint, within: .milliseconds(500))
        }
        #expect(short.steps.map(\.stage) == [.dial])
        #expect(short.failure?.stage == .tcp && short.failure?.reason == nil, "\(short)")
        #expect(short.failure?.detail == "no answer to the connection attempt")
        #expect(try await node.torrent.peerReports().map(\.state) == [.dialling])
        let long = try await node.torrent.ping(listener.endpoint, within: .seconds(60))
        #expect(long.steps.map(\.stage) == [.dial])
        #expect(long.failure?.stage == .tcp && long.failure?.reason == .timedOut, "\(long)")
        let answer = try await node.torrent.explain()
        guard case .notReached(let found) = answer.cause else {
            Issue.record("\(answer)")
            return
        }
        #expect(found.peers.first?.lastError?.wasReached == false)
        #expect(answer.summary.contains("(it does not answer"))
        try await shutdown(node)
    }

    @Test("The other side does not list us: the handshake fails")
    func stranger() async throws {
        let fixture = try await DiagnosisFixture()
        let seed = try await fixture.seed(allowing: ["127.0.0.9"])
        let node = try await fixture.fetch(from: [seed.endpoint.description], dialling: false)
        let probe = try await node.torrent.ping(seed.endpoint)
        #expect(probe.failure?.stage == .handshake, "\(probe)")
        #expect(probe.failure?.reason == .closedBeforeHandshake)
        try await shutdown(seed, node)
    }

    /// Red where a probe does not end by its limit.
    @Test("The other side says nothing: the handshake fails when the time is over")
    func silent() async throws {
        let fixture = try await DiagnosisFixture()
        let listener = try SilentListener("127.0.0.7")
        let node = try await fixture.fetch(from: [listener.endpoint.description], dialling: false)
        let probe = try await node.torrent.ping(listener.endpoint, within: .seconds(1))
        #expect(probe.failure?.stage == .handshake && probe.failure?.reason == nil, "\(probe)")
        #expect(listener.accepted() == 1)
        try await shutdown(node)
    }

    /// Red without the look at the members in `Torrent.ping`: the engine's gate would refuse it too, with another answer.
    /// Without both, the listener counts a connection.
    @Test(
        "Nobody but a member is dialled: a non-member, and a member at another port, get not one connection")
    func notAMember() async throws {
        let fixture = try await DiagnosisFixture()
        let listener = try SilentListener("127.0.0.8")
        let other = "127.0.0.8:\(listener.endpoint.port == 1 ? 2 : 1)"
        for rules in [["127.0.0.9"], [other], []] {
            let node = try await fixture.fetch(from: rules, dialling: false)
            await #expect(throws: EngineError.self) { try await node.torrent.ping(listener.endpoint) }
            do {
                _ = try await node.torrent.ping(listener.endpoint)
            } catch {
                #expect(error.code == .noMember)
            }
            // A dial would have been made at once.
            try await Task.sleep(for: .milliseconds(300))
            #expect(listener.accepted() == 0)
            try await shutdown(node)
        }
    }

    /// Red where a probe starts a torrent that somebody stopped.
    @Test("A torrent that is stopped stays so")
    func stopped() async throws {
        let fixture = try await DiagnosisFixture()
        let node = try await fixture.fetch(from: ["127.0.0.1:1"], dialling: false)
        try await node.torrent.stop()
        do {
            _ = try await node.torrent.ping(PeerEndpoint(parsing: "127.0.0.1:1"))
            Issue.record("it dialled")
        } catch {
            #expect(error.code == .wrongState)
        }
        #expect(try await !node.torrent.status().isStarted)
        try await shutdown(node)
    }

    /// Red where an event of another connection counts, a later one changes what was found, or a stage is given another's
    /// words.
    @Test(
        "Each event moves its own stage, of the connection that we dialled; and where the time is over, why")
    func events() throws {
        let endpoint = try PeerEndpoint(parsing: "10.0.0.2:6881")
        let other = try PeerEndpoint(parsing: "10.0.0.2:6882")
        var probe = PeerProbe(endpoint)
        for stranger in [(endpoint, PeerDirection.incoming), (other, .outgoing)] {
            probe.take(.peerStage(stranger.0, direction: stranger.1, .tcp), after: .seconds(1))
            probe.take(.peerConnected(stranger.0, direction: stranger.1, member: nil), after: .seconds(1))
            probe.take(
                .peerDisconnected(stranger.0, direction: stranger.1, reason: .closed, detail: ""),
                after: .seconds(1))
        }
        #expect(probe == PeerProbe(endpoint))
        func detail() -> String? {
            var late = probe
            late.giveUp(after: .seconds(9))
            return late.failure?.detail
        }
        var tired = probe
        var last = try KnownEvidence.peer(.gone, .connectionRefused)
        last.failures = 2
        tired.giveUp(after: .seconds(9), last: last)
        #expect(
            tired.failure?.detail
                == "the engine has not dialled yet: it waits after 2 failures (nobody listens there, 3 s ago)"
        )
        var details = [detail()]
        probe.reach(.dial, .milliseconds(1))
        for event in [
            EngineEvent.Kind.peerStage(endpoint, direction: .outgoing, .tcp),
            .peerConnected(endpoint, direction: .outgoing, member: nil),
            .peerStage(endpoint, direction: .outgoing, .extensions),
        ] {
            details.append(detail())
            probe.take(event, after: .milliseconds(2))
        }
        details.append(detail())
        #expect(
            details == [
                "the engine has not dialled: it waits after tries that failed, or both sides are whole",
                "no answer to the connection attempt", "the connection stands, and no handshake came",
                "no extension handshake came: it may not speak BEP 10",
                "it has not said which pieces it has: it may have none",
            ])
        probe.take(
            .peerRefused(endpoint, direction: .outgoing, reason: .notBound, tries: 1), after: .seconds(3))
        #expect(probe.failure?.stage == .bitfield && probe.failure?.milliseconds == 3000)
        #expect(
            probe.failure?.detail
                == "we do not dial there: it is not on the interface or address that the engine is bound to")
        let found = probe
        probe.take(.peerStage(endpoint, direction: .outgoing, .pieces), after: .seconds(4))
        probe.take(
            .peerDisconnected(endpoint, direction: .outgoing, reason: .closed, detail: ""), after: .seconds(4)
        )
        probe.giveUp(after: .seconds(5))
        #expect(probe == found)
    }
}

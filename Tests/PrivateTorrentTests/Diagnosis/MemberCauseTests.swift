import Testing
import TorrentEngine

@testable import PrivateTorrent

/// Nobody is connected: each reason provoked with real engines. Red where `CauseFinder.lonely(_:)` takes another branch,
/// or where `SwarmHistory.note(_:at:)` drops the event that it rests on.
@Suite(.timeLimit(.minutes(3)))
struct MemberCauseTests {
    /// Red without the check of `members` in `CauseFinder.cause`: it would be `nobodyCame`.
    @Test("No member is known")
    func noMember() async throws {
        let fixture = try await DiagnosisFixture()
        let node = try await fixture.fetch(from: [])
        let answer = try await explanation("noMember") { try await node.torrent.explain() }
        #expect(answer.action == "add members")
        try await shutdown(node)
    }

    /// Red where `notListening` looks at `listenWanted` only.
    @Test("The engine listens nowhere, and there is nobody to dial")
    func notListening() async throws {
        let fixture = try await DiagnosisFixture()
        let engine = try await Engine.start(EngineConfiguration())
        let torrent = try await engine.add(
            fixture.metainfo,
            options: AddOptions(
                saveFolder: fixture.scratch.folder("out"), members: DiagnosisFixture.members(["127.0.0.1"])))
        try await torrent.start()
        let answer = try await explanation("notListening") { try await torrent.explain() }
        #expect(answer.cause == .notListening(Cause.NotListening(wanted: [], failures: [])))
        try await engine.shutdown()
    }

    @Test("Nobody came, and nobody can be dialled")
    func nobodyCame() async throws {
        let fixture = try await DiagnosisFixture()
        let node = try await fixture.fetch(from: ["127.0.0.1"])
        _ = try await explanation("nobodyCame") { try await node.torrent.explain() }
        try await shutdown(node)
    }

    /// Red where the history drops `peerDisconnected`.
    @Test("A wrong port: nobody listens there")
    func notReached() async throws {
        let fixture = try await DiagnosisFixture()
        let node = try await fixture.fetch(from: ["127.0.0.1:1"])
        let answer = try await explanation("notReached") { try await node.torrent.explain() }
        guard case .notReached(let found) = answer.cause else { return }
        let peer = try #require(found.peers.first)
        #expect(peer.endpoint.description == "127.0.0.1:1" && peer.lastError?.reason == .connectionRefused)
        #expect(peer.identity == "peer-127.0.0.1:1" && peer.rule == "127.0.0.1:1")
        #expect(answer.summary.contains("127.0.0.1:1 (nobody listens there"))
        try await shutdown(node)
    }

    /// Red where a new dial hides how the last one ended, for the ten seconds that it takes: in `SwarmHistory.note`, in
    /// `PeerReports`, or in `CauseFinder.lonely`.
    @Test("Nobody answers: that is said while it is dialled again too", arguments: [true, false])
    func dialledAgain(isFull: Bool) async throws {
        let fixture = try await DiagnosisFixture()
        let full = isFull ? try FullListener("127.0.0.11") : nil
        let silent = isFull ? nil : try SilentListener("127.0.0.12")
        let endpoint = try #require(full?.endpoint ?? silent?.endpoint)
        let node = try await fixture.fetch(from: [endpoint.description])
        let cause = isFull ? "notReached" : "handshakeRefused"
        _ = try await explanation(cause) { try await node.torrent.explain() }
        while try await node.torrent.peerReports().first?.state != (isFull ? .dialling : .handshaking) {
            try await Task.sleep(for: .milliseconds(10))
        }
        let peer = try #require(try await node.torrent.peerReports().first)
        let explanation = try await node.torrent.explain()
        #expect(peer.lastError?.reason == .timedOut && peer.lastError?.wasReached == !isFull, "\(peer)")
        #expect(explanation.cause.name == cause, "\(explanation)")
        try await shutdown(node)
        withExtendedLifetime((full, silent)) {}
    }

    /// Both sides of one refusal. Red where `refusals(_:)` of the collector drops strangers (`torrent == nil`).
    @Test("A stranger: the one side says whom it refused, the other that its handshake was")
    func stranger() async throws {
        let fixture = try await DiagnosisFixture()
        let seed = try await fixture.seed(allowing: ["127.0.0.9"])
        let node = try await fixture.fetch(from: [seed.endpoint.description])
        let theirs = try await explanation("handshakeRefused") { try await node.torrent.explain() }
        guard case .handshakeRefused(let found) = theirs.cause else { return }
        #expect(found.peers.map(\.endpoint) == [seed.endpoint])
        let ours = try await explanation("allRefused") { try await seed.torrent.explain() }
        guard case .allRefused(let refused) = ours.cause, let first = refused.refusals.first else { return }
        #expect(first.reason == .notAMember && first.isBeforeTorrent && first.direction == .incoming)
        #expect(first.endpoint.address.description == "127.0.0.2")
        #expect(ours.summary.contains("its address is no member's"))
        try await shutdown(seed, node)
    }

    /// Withdrawn while it downloads from us, and while we download from it. Red where the gate says that the peer broke
    /// the protocol, or where who is no member any more counts as one that left; where withdrawals are not kept
    /// (`FormerMembers.note`), it comes again as a stranger.
    @Test("A withdrawn member: cut by us, not gone; and it is known again", arguments: [true, false])
    func revoked(isSeed: Bool) async throws {
        let fixture = try await DiagnosisFixture()
        let seed = try await fixture.seed(uploadLimit: 20_000)
        let node = try await fixture.fetch(from: [seed.endpoint.description])
        for side in [seed, node] { try await waitForPeer(of: side.torrent) }
        let (ours, theirs) = isSeed ? (seed, node) : (node, seed)
        let member = try #require(try await ours.torrent.peerReports().first)
        try await ours.torrent.setMembers(DiagnosisFixture.members(["127.0.0.9"]))
        let answer = try await explanation("allRefused") { try await ours.torrent.explain() }
        guard case .allRefused(let refused) = answer.cause else { return }
        // Beside it there may be one already of its coming again.
        let first = try #require(refused.refusals.first { $0.reason == .revoked })
        #expect(refused.isWhole == isSeed)
        #expect(first.formerMember?.rule == member.rule && first.formerMember?.identity == member.identity)
        #expect(answer.summary.contains("it is no member any more: withdrawn"))
        #expect(answer.action.hasPrefix("nothing, if it was withdrawn on purpose"))
        let cut = try #require(
            try await ours.torrent.peerReports().first { $0.endpoint.address == theirs.endpoint.address })
        #expect(cut.state == .gone && cut.lastError?.reason == .byUs && cut.lastError?.wasConnected == true)
        #expect(cut.rule == nil && cut.identity == member.identity)

        // Dropped at accept, before it names a torrent.
        let peer = try HeldPeer(
            from: theirs.endpoint.address.description, to: ours.endpoint, fixture.metainfo.infoHash,
            saying: [])
        let again = try await explanation("allRefused") {
            let answer = try await ours.torrent.explain()
            guard case .allRefused(let refused) = answer.cause, refused.refusals.first?.reason == .notAMember
            else { return Explanation(.other("it has not come yet")) }
            return answer
        }
        guard case .allRefused(let knocks) = again.cause else { return }
        #expect(knocks.refusals.first?.formerMember?.rule == member.rule)
        withExtendedLifetime(peer) {}
        try await shutdown(seed, node)
    }

    /// Red where a torrent that is stopped and started again is said to have been left.
    @Test("Connections that we closed are no members that left")
    func stoppedByUs() async throws {
        let fixture = try await DiagnosisFixture()
        let node = try await fixture.fetch(from: ["127.0.0.1"])
        let peer = try HeldPeer(
            from: "127.0.0.1", to: node.endpoint, fixture.metainfo.infoHash, saying: [HeldPeer.bitfield(40)])
        try await waitForPeer(of: node.torrent)
        try await node.torrent.stop()
        while try await node.torrent.peerReports().first?.lastError?.reason != .byUs {
            try await Task.sleep(for: .milliseconds(10))
        }
        try await node.torrent.start()
        _ = try await explanation("nobodyCame") { try await node.torrent.explain() }
        withExtendedLifetime(peer) {}
        try await shutdown(node)
    }

    /// Red where `held` is looked for among those who are connected only.
    @Test("The metadata waits to be accepted, and who sent it has left")
    func held() async throws {
        let fixture = try await DiagnosisFixture()
        let seed = try await fixture.seed()
        let engine = try await Swarm.engine("127.0.0.2")
        let torrent = try await engine.add(
            fixture.metainfo.infoHash,
            options: AddOptions(
                saveFolder: fixture.scratch.folder("out"),
                members: DiagnosisFixture.members([seed.endpoint.description])))
        try await torrent.start(dialling: [seed.endpoint])
        _ = try await torrent.metadata(within: .seconds(30))
        try await shutdown(seed)
        while try await torrent.peerReports().first?.state != .gone {
            try await Task.sleep(for: .milliseconds(10))
        }
        #expect(
            try await torrent.explain().cause == .metadataMissing(Cause.Metadata(isHeld: true, peers: [])))
        try await engine.shutdown()
    }

    /// Red where `wasConnected` is not kept: the end would count as a refused handshake.
    @Test("The only member, which had dialled us, left")
    func membersGone() async throws {
        let fixture = try await DiagnosisFixture()
        let node = try await fixture.fetch(from: ["127.0.0.1"])
        let seed = try await fixture.seed(allowing: [node.endpoint.description], uploadLimit: 20_000)
        try await waitForPeer(of: node.torrent)
        try await shutdown(seed)
        let answer = try await explanation("membersGone") { try await node.torrent.explain() }
        guard case .membersGone(let gone) = answer.cause else { return }
        #expect(gone.peers.first?.lastError?.wasConnected == true)
        try await shutdown(node)
    }
}

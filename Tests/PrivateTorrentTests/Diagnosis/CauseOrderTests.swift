import Testing

@testable import PrivateTorrent
@testable import TorrentEngine

/// Where several causes hold at once: which is said, and about whom. Each test takes one layer off after the other. Red
/// where two checks of `CauseFinder` change places, or one takes in whom it is not about.
struct CauseOrderTests {
    private typealias Step = (inout Evidence) throws -> Void

    private func causes(_ evidence: Evidence, _ steps: [Step]) throws -> [Cause] {
        var now = evidence
        var out = [Explanation(now).cause]
        for step in steps {
            try step(&now)
            out.append(Explanation(now).cause)
        }
        return out
    }

    /// Whom a cause is about, by the last number of the address.
    private func about(_ cause: Cause) -> [String] {
        let peers: [PeerReport] =
            switch cause {
            case .notReached(let found), .handshakeRefused(let found), .membersGone(let found),
                .nobodyCame(let found), .chokedByAll(let found), .notAnswering(let found):
                found.peers
            case .hashFailures(let found): found.peers
            case .metadataMissing(let found): found.peers
            case .nobodyHasPiece(let found): found.peers
            default: []
            }
        return peers.map { String($0.endpoint.address.description.suffix(1)) }
    }

    @Test("Nobody is connected")
    func lonely() throws {
        let all = try KnownEvidence.of {
            $0.listening = []
            $0.refusals = [try KnownEvidence.stranger()]
            $0.failedPieces = [7, 9]
            $0.peers = [
                try KnownEvidence.peer(.dialling, at: "10.0.0.2"),
                try KnownEvidence.peer(.banned, at: "10.0.0.3"),
                try KnownEvidence.peer(.gone, .closed, wasConnected: true, at: "10.0.0.4"),
                try KnownEvidence.peer(.gone, .closedBeforeHandshake, at: "10.0.0.5"),
                try KnownEvidence.peer(.gone, .timedOut, at: "10.0.0.6"),
                try KnownEvidence.peer(.gone, .byUs, wasConnected: true, at: "10.0.0.7"),
                try KnownEvidence.peer(.notSeen, at: "10.0.0.8"),
            ]
        }
        func without(_ number: Int) -> Step {
            { evidence in evidence.peers.removeAll { $0.endpoint.address.description == "10.0.0.\(number)" } }
        }
        let found = try causes(
            all,
            [
                { $0.listening = [try PeerEndpoint(parsing: "10.0.0.1:6881")] }, without(3), without(4),
                without(5),
                without(6), { $0.refusals = [] }, without(2), without(8), without(7),
            ])
        #expect(
            found.map(\.name) == [
                "notListening", "hashFailures", "membersGone", "handshakeRefused", "notReached", "allRefused",
                "nothingWrong", "nothingWrong", "nothingWrong", "nobodyCame",
            ])
        #expect(found.map(about) == [[], ["3"], ["4"], ["5"], ["6"], [], [], [], [], []])
        for case .nothingWrong(let activity) in found { #expect(activity.kind == .connecting) }
        guard case .hashFailures(let corrupt) = found[1], case .allRefused(let refused) = found[5] else {
            return
        }
        #expect(corrupt.pieces == [7, 9] && !refused.isWhole)
    }

    @Test("Somebody is connected, and it does not come")
    func withPeers() throws {
        func connected(_ number: Int, isInteresting: Bool, isChoking: Bool) throws -> PeerReport {
            var out = try KnownEvidence.peer(.connected, at: "10.0.0.\(number)")
            (out.isInteresting, out.isChokingUs, out.isDownloadLimited) = (isInteresting, isChoking, true)
            return out
        }
        let all = try KnownEvidence.of {
            $0.status?.state = .metadata
            $0.status?.downloadRate = 7
            $0.secondsSinceReceived = 1
            $0.limits = [
                Evidence.Limit(.engine, .upload, bytesPerSecond: 1),
                Evidence.Limit(.engine, .download, bytesPerSecond: 90),
                Evidence.Limit(.rateClass, .download, bytesPerSecond: 20),
                Evidence.Limit(.torrent, .download, bytesPerSecond: 50),
            ]
            $0.refusals = [try KnownEvidence.stranger()]
            $0.lonePieces = [Evidence.LonePiece(3)]
            $0.lonePieceCount = 2
            $0.peers = [
                try connected(2, isInteresting: true, isChoking: false),
                try connected(3, isInteresting: true, isChoking: true),
                try connected(4, isInteresting: false, isChoking: true),
                try KnownEvidence.peer(.gone, .closed, wasConnected: true, at: "10.0.0.5"),
                try KnownEvidence.peer(.banned, at: "10.0.0.6"),
            ]
        }
        func without(_ number: Int) -> Step {
            { evidence in evidence.peers.removeAll { $0.endpoint.address.description == "10.0.0.\(number)" } }
        }
        let found = try causes(
            all,
            [
                { evidence in
                    for index in evidence.peers.indices { evidence.peers[index].isDownloadLimited = false }
                },
                { $0.secondsSinceReceived = 5 }, { $0.status?.state = .downloading }, without(2), without(3),
                without(6), { $0.lonePieceCount = 0 },
            ])
        #expect(
            found.map(\.name) == [
                "rateLimit", "nothingWrong", "metadataMissing", "notAnswering", "chokedByAll", "hashFailures",
                "nobodyHasPiece", "nothingWrong",
            ])
        #expect(found.map(about) == [[], [], ["2", "3", "4"], ["2"], ["3"], ["6"], ["4"], []])
        guard case .rateLimit(let bound) = found[0], case .nobodyHasPiece(let lone) = found[6],
            case .nothingWrong(let moving) = found[1], case .nothingWrong(let idle) = found[7]
        else { return }
        #expect(bound.limit == all.limits[2] && bound.rate == 7)
        #expect(lone.pieces == all.lonePieces && lone.count == 2)
        #expect(moving.kind == .moving && moving.connected == 3 && idle.kind == .connecting)
    }

    @Test("Nothing is missing")
    func whole() throws {
        let all = try KnownEvidence.of {
            $0.status?.state = .seeding
            $0.status?.uploadRate = 86
            $0.status?.isMoving = true
            $0.listening = []
            $0.refusals = [try KnownEvidence.stranger()]
            $0.limits = [
                Evidence.Limit(.torrent, .upload, bytesPerSecond: 100),
                Evidence.Limit(.torrent, .download, bytesPerSecond: 1),
            ]
        }
        let found = try causes(
            all,
            [
                { $0.status?.isMoving = false },
                { $0.listening = [try PeerEndpoint(parsing: "10.0.0.1:6881")] },
                // Whoever was refused before somebody was let in is not in the evidence; with somebody here nobody counts.
                { $0.peers = [try KnownEvidence.peer(.connected)] }, { $0.status?.uploadRate = 84 },
                { $0.peers[0].isUploadLimited = true }, { $0.limits.removeFirst() },
                { $0.status?.state = .finished },
                { $0.status?.state = .checking },
            ])
        #expect(
            found.map(\.name) == [
                "nothingWrong", "notListening", "allRefused", "rateLimit", "nothingWrong", "rateLimit",
                "nothingWrong", "nothingWrong", "nothingWrong",
            ])
        var kinds: [Cause.Activity.Kind] = []
        for case .nothingWrong(let activity) in found { kinds.append(activity.kind) }
        #expect(kinds == [.relocating, .seeding, .seeding, .whole, .checking])
        guard case .allRefused(let refused) = found[2] else { return }
        #expect(refused.isWhole && refused.refusals.first?.isBeforeTorrent == true)
    }

    /// Red where a limit of the other direction, or one that nothing waits for, is taken.
    @Test("It waits to be accepted, whoever has left meanwhile")
    func held() throws {
        let gone = try KnownEvidence.peer(.gone, .closed, wasConnected: true)
        let evidence = try KnownEvidence.of {
            $0.status?.state = .held
            $0.peers = [gone]
        }
        #expect(Explanation(evidence).cause == .metadataMissing(Cause.Metadata(isHeld: true, peers: [])))
        var removed = evidence
        removed.members = []
        #expect(Explanation(removed).cause == .noMember)
    }

    /// Red where whom nothing admits any more is taken for a member: gone, or banned.
    @Test("Who was withdrawn is not a member that left")
    func withdrawn() throws {
        for (state, reason) in [(PeerReport.State.gone, DisconnectReason.closed), (.banned, .closed)] {
            var peer = try KnownEvidence.peer(state, reason, wasConnected: true)
            peer.rule = nil
            let evidence = try KnownEvidence.of { $0.peers = [peer] }
            #expect(Explanation(evidence).cause.name == "nobodyCame")
        }
    }

    /// Red where a connection that stood is taken for an address that is wrong.
    @Test("Connected, and then silent, is not an address where nobody is")
    func silent() throws {
        let peer = try KnownEvidence.peer(.gone, .timedOut, wasReached: true)
        let answer = Explanation(try KnownEvidence.of { $0.peers = [peer] })
        #expect(answer.cause.name == "handshakeRefused")
        #expect(answer.summary.contains("it connected, and then said nothing"))
    }

    /// Red where a limit that is not used up counts.
    @Test("Neither listening nor a limit is a cause where it is not in the way")
    func harmless() throws {
        let evidence = try KnownEvidence.of {
            $0.listening = []
            $0.listenWanted = []
            $0.peers = [try KnownEvidence.peer(.gone, .unreachable)]
        }
        #expect(Explanation(evidence).cause.name == "notReached")
        let seed = try KnownEvidence.of {
            $0.status?.state = .seeding
            $0.listening = []
            $0.peers = [try KnownEvidence.peer(.connected)]
        }
        #expect(Explanation(seed).cause.name == "nothingWrong")
    }

    /// Red where nobody being a member counts while somebody is connected still, or where a member is dialled, or would
    /// be, and it is not waited for.
    @Test("Nobody came only where nobody is dialled")
    func waiting() throws {
        for state in [PeerReport.State.dialling, .handshaking, .notSeen, .gone] {
            let evidence = try KnownEvidence.of { $0.peers = [try KnownEvidence.peer(state)] }
            #expect(Explanation(evidence).cause.name == "nothingWrong", "\(state)")
        }
        let knocked = try KnownEvidence.of {
            $0.peers = [try KnownEvidence.peer(.gone)]
            $0.peers[0].direction = .incoming
        }
        #expect(Explanation(knocked).cause.name == "nobodyCame")
        let emptied = try KnownEvidence.of {
            $0.members = []
            $0.peers = [try KnownEvidence.peer(.connected)]
        }
        #expect(Explanation(emptied).cause.name == "nothingWrong")
    }

    /// Red where what an activity or a fault rests on is left out.
    @Test("The numbers of an activity, and all of a fault")
    func evidence() throws {
        let moving = try KnownEvidence.of {
            $0.peers = [try KnownEvidence.peer(.connected)]
            $0.status?.downloadRate = 7
            $0.status?.uploadRate = 8
            $0.missingPieces = 9
            $0.secondsSinceReceived = 1
        }
        #expect(
            Explanation(moving).cause
                == .nothingWrong(
                    Cause.Activity(
                        kind: .moving, connected: 1, downloadRate: 7, uploadRate: 8, missingPieces: 9)))
        let deaf = try KnownEvidence.of {
            $0.listening = []
            $0.listenFailures = ["in use"]
        }
        #expect(
            Explanation(deaf).cause
                == .notListening(Cause.NotListening(wanted: ["10.0.0.1:6881"], failures: ["in use"])))
        let fault = try KnownEvidence.of {
            $0.status?.state = .failed
            $0.fault = EngineError(
                .diskFull, "write", reason: "1 MiB would be left free", remedy: "make room", path: "/x",
                systemErrno: 28)
        }
        #expect(
            Explanation(fault).cause
                == .diskFull(
                    Cause.DiskFault(
                        path: "/x", code: "diskFull", reason: "1 MiB would be left free", remedy: "make room",
                        systemErrno: 28, isFreeSpaceFloor: true)))
        var former = try KnownEvidence.stranger()
        let member = try #require(try DiagnosisFixture.members(["10.9.9.0/24"]).first)
        former.formerMember = FormerMember(
            member: member, torrent: Torrent.ID(raw: 1), sinceWithdrawn: .seconds(120))
        guard
            case .allRefused(let refused) = Explanation(try KnownEvidence.of { $0.refusals = [former] }).cause
        else {
            Issue.record("it is not refused")
            return
        }
        let seen = refused.refusals.first?.formerMember
        #expect(seen?.rule == "10.9.9.0/24" && seen?.identity == "peer-10.9.9.0/24")
        #expect(seen?.withdrawnSecondsAgo == 120)
    }
}

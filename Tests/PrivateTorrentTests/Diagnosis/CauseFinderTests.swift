import Foundation
import Testing

@testable import PrivateTorrent
@testable import TorrentEngine

/// The pure function: what no test can provoke without rights (an interface, a disk that is really full), and the order.
struct CauseFinderTests {
    private func evidence(_ change: (inout Evidence) -> Void = { _ in }) throws -> Evidence {
        try KnownEvidence.of(change)
    }

    private func peer(
        _ state: PeerReport.State, _ reason: DisconnectReason? = nil, wasConnected: Bool = false
    ) throws -> PeerReport {
        try KnownEvidence.peer(state, reason, wasConnected: wasConnected)
    }

    private func name(_ evidence: Evidence) -> String { Explanation(evidence).cause.name }

    /// Each layer on top of all that lie below it. Red where two of the checks in `CauseFinder.cause` change places.
    @Test("Upstream comes first")
    func order() throws {
        var all = try evidence {
            $0.members = []
            $0.interfacesDown = ["wg0"]
            $0.listening = []
            $0.status?.state = .failed
            $0.fault = EngineError(.diskFull, "write", reason: "no space left", path: "/x", systemErrno: 28)
            $0.status?.isStarted = false
            $0.isPausedInStore = true
            $0.retirement = .expired
        }
        var names: [String] = []
        let steps: [(inout Evidence) -> Void] = [
            { $0.retirement = nil }, { $0.isPausedInStore = false }, { $0.status?.isStarted = true },
            {
                $0.fault = EngineError(.inputOutput, "write", reason: "I/O error")
            }, { $0.status?.state = .downloading }, { $0.interfacesDown = [] },
            { $0.members = (try? DiagnosisFixture.members(["10.0.0.2"])) ?? [] },
            { $0.listening = (try? [PeerEndpoint(parsing: "10.0.0.1:6881")]) ?? [] },
        ]
        for step in steps {
            names.append(name(all))
            step(&all)
        }
        names.append(name(all))
        #expect(
            names == [
                "paused", "paused", "paused", "diskFull", "diskFault", "interfaceDown", "noMember",
                "notListening", "nobodyCame",
            ])
    }

    /// Red where `interfacesDown` is not looked at, or its name is not said.
    @Test("An interface that is away")
    func interface() throws {
        let answer = Explanation(try evidence { $0.interfacesDown = ["wg0"] })
        #expect(answer.cause == .interfaceDown(Cause.InterfaceDown(interfaces: ["wg0"])))
        #expect(answer.summary.contains("wg0") && answer.action.contains("wg0"))
    }

    /// Red where a fault with the words of the floor and one without are the same.
    @Test("A disk that is full is not at its floor")
    func diskFull() throws {
        let error = EngineError(.diskFull, "write", reason: "No space left on device", path: "/x/in")
        let answer = Explanation(
            try evidence {
                $0.status?.state = .failed
                $0.fault = error
            })
        guard case .diskFull(let fault) = answer.cause else {
            Issue.record("\(answer)")
            return
        }
        #expect(!fault.isFreeSpaceFloor && fault.path == "/x/in" && answer.summary.contains("/x/in"))
    }

    /// Red where `PeerReport.progress` maps a reason elsewhere.
    @Test(
        "How a connection ended",
        arguments: [
            (DisconnectReason.connectionRefused, false, "notReached"), (.unreachable, false, "notReached"),
            (.timedOut, false, "notReached"), (.timedOut, true, "membersGone"),
            (.closedBeforeHandshake, false, "handshakeRefused"), (.protocolError, false, "handshakeRefused"),
            (.closed, true, "membersGone"),
        ])
    func ends(_ reason: DisconnectReason, _ wasConnected: Bool, _ expected: String) throws {
        for state in [PeerReport.State.gone, .dialling, .handshaking] {
            let peer = try peer(state, reason, wasConnected: wasConnected)
            #expect(name(try evidence { $0.peers = [peer] }) == expected)
        }
    }

    /// Red where one that fails upstream hides one that got further.
    @Test("Where members are stuck at different places, the furthest counts")
    func furthest() throws {
        let peers = [try peer(.gone, .connectionRefused), try peer(.gone, .closedBeforeHandshake)]
        #expect(name(try evidence { $0.peers = peers }) == "handshakeRefused")
        #expect(name(try evidence { $0.peers = peers.reversed() }) == "handshakeRefused")
    }

    /// Red where the engine's rate, which trails, is taken for movement.
    @Test("It moves as long as bytes come, whatever the rate says")
    func moving() throws {
        var peer = try peer(.connected)
        peer.isInteresting = true
        let evidence = try evidence {
            $0.peers = [peer]
            $0.status?.downloadRate = 79
            $0.secondsSinceReceived = 6
        }
        #expect(name(evidence) == "notAnswering")
        var moving = evidence
        moving.secondsSinceReceived = 4
        #expect(name(moving) == "nothingWrong")
    }

    /// Red where a stranger's knocking outranks what is known of members.
    @Test("A stranger does not hide that a member is not reached")
    func strangerBeside() throws {
        let refused = try KnownEvidence.stranger()
        let peer = try peer(.gone, .connectionRefused)
        let answer = Explanation(
            try evidence {
                $0.peers = [peer]
                $0.refusals = [refused]
            })
        guard case .notReached(let found) = answer.cause else {
            Issue.record("\(answer)")
            return
        }
        #expect(found.refusals.first?.tries == 7 && found.refusals.first?.secondsAgo == 1)
        #expect(answer.action.contains("10.9.9.9"))
        #expect(name(try evidence { $0.refusals = [refused] }) == "allRefused")
    }

    /// Red where the words of a cause are empty, or its name changes: programs read it.
    @Test("JSON: stable names, evidence, and back")
    func coding() throws {
        let answer = Explanation(
            .nobodyHasPiece(
                Cause.LonePieces(
                    pieces: [
                        Evidence.LonePiece(
                            7,
                            lastHolder: .init(
                                try PeerEndpoint(parsing: "10.0.0.2:6881"), identity: "two", secondsAgo: 3))
                    ], count: 1, peers: [])))
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        let json = String(decoding: try encoder.encode(answer), as: UTF8.self)
        #expect(
            json
                == #"{"action":"bring back who had it last, or add a member that has it","cause":"nobodyHasPiece","#
                + #""evidence":{"count":1,"peers":[],"pieces":[{"lastHolder":{"endpoint":"10.0.0.2:6881","#
                + #""identity":"two","secondsAgo":3},"piece":7}]},"summary":"nobody who is connected has piece 7: "#
                + #"two at 10.0.0.2:6881 had it last, 3 s ago"}"#)
        #expect(try JSONDecoder().decode(Explanation.self, from: Data(json.utf8)) == answer)
        let later = try JSONDecoder().decode(
            Explanation.self, from: Data(#"{"cause":"certificateExpired","evidence":{"until":1}}"#.utf8))
        #expect(later.cause == .other("certificateExpired"))
    }

    @Test("What could not be taken up says why, and that it is to be resumed")
    func notTakenUp() {
        var evidence = Evidence()
        #expect(Explanation(evidence).cause == .paused(Cause.Pause(by: .notTakenUp)))
        evidence.fault = EngineError(
            .diskFull, "fetch it", reason: "no room", remedy: "free some space", path: "/a")
        guard case .diskFull(let full) = Explanation(evidence).cause else {
            Issue.record("\(Explanation(evidence).cause)")
            return
        }
        #expect((full.path, full.remedy) == ("/a", "free some space, then resume it"))
        evidence.fault = EngineError(.contentChanged, "seed it", reason: "another file")
        #expect(Explanation(evidence).cause.name == "diskFault")
        evidence.fault = EngineError(.noMember, "fetch it", reason: "nobody")
        #expect(Explanation(evidence).cause == .noMember)
        evidence.fault = EngineError(.malformed, "read it", reason: "broken")
        #expect(Explanation(evidence).cause == .paused(Cause.Pause(by: .notTakenUp)))
        // By hand comes first.
        evidence.isPausedInStore = true
        #expect(Explanation(evidence).cause == .paused(Cause.Pause(by: .user)))
    }

    /// Red where a cause is missing in `Cause.init(from:)`.
    @Test("Every cause goes to JSON and back, and has its words")
    func all() throws {
        let peers = Cause.Peers(peers: [try peer(.gone, .closed)], refusals: [])
        let fault = Cause.DiskFault(code: "diskFull", reason: "full", isFreeSpaceFloor: false)
        let causes: [Cause] = [
            .paused(Cause.Pause(by: .user)), .diskFull(fault), .diskFault(fault),
            .interfaceDown(Cause.InterfaceDown(interfaces: ["wg0"])),
            .notListening(Cause.NotListening(wanted: ["1.2.3.4:5"], failures: ["in use"])), .noMember,
            .allRefused(Cause.Refused(refusals: [], peers: [], isWhole: false)), .notReached(peers),
            .handshakeRefused(peers), .membersGone(peers), .nobodyCame(peers),
            .hashFailures(Cause.HashFailures(peers: peers.peers, pieces: [1])),
            .metadataMissing(Cause.Metadata(isHeld: true, peers: [])),
            .nobodyHasPiece(Cause.LonePieces(pieces: [], count: 0, peers: [])), .chokedByAll(peers),
            .rateLimit(
                Cause.RateLimited(limit: Evidence.Limit(.engine, .upload, bytesPerSecond: 1), rate: 1)),
            .notAnswering(peers),
            .nothingWrong(
                Cause.Activity(kind: .moving, connected: 1, downloadRate: 1, uploadRate: 1, missingPieces: 1)),
            .other("later"),
        ]
        for cause in causes {
            let answer = Explanation(cause)
            let back = try JSONDecoder().decode(Explanation.self, from: JSONEncoder().encode(answer))
            #expect(back == answer && !answer.summary.isEmpty && !answer.action.isEmpty, "\(cause.name)")
        }
        #expect(Set(causes.map(\.name)).count == causes.count)
    }
}

import Testing

@testable import PrivateTorrent
@testable import TorrentEngine

/// From what an engine is to what an explanation rests on.
struct EvidenceCollectorTests {
    private let now = ContinuousClock.now

    private func facts(_ change: (inout KnownFacts) throws -> Void = { _ in }) throws -> TorrentFacts {
        try KnownFacts.of(at: now, change)
    }

    private func file(_ size: UInt64, priority: UInt8, isPad: Bool = false) -> FileSnapshot {
        FileSnapshot(path: "a", sizeBytes: size, verifiedBytes: 0, priority: priority, isPad: isPad)
    }

    /// Three files of ten pieces: 0–3 (the last one half), 3–4 (filler), 5–9. Red where files that are not wanted, or that are filler, count; or where the piece at a file's end does not.
    @Test("Which pieces are missing, of all and of chosen files")
    func missing() throws {
        // The first, third and last piece are here.
        let evidence = EvidenceCollector.evidence(try facts { $0.verified = [0b1010_0000, 0b0100_0000] })
        #expect(evidence.lonePieces.map(\.piece) == [1, 3, 4, 5, 6, 7, 8] && evidence.missingPieces == 7)
        let chosen = EvidenceCollector.evidence(
            try facts {
                $0.verified = [0b1010_0000, 0b0100_0000]
                $0.files = [
                    file(3 * 16384 + 8192, priority: 4), file(8192 + 16384, priority: 4, isPad: true),
                    file(5 * 16384, priority: 0),
                ]
            })
        #expect(chosen.lonePieces.map(\.piece) == [1, 3] && chosen.lonePieceCount == 2)
        // Its last byte is the last of piece 2.
        let even = EvidenceCollector.evidence(
            try facts { $0.files = [file(3 * 16384, priority: 4), file(7 * 16384, priority: 0)] })
        #expect(even.lonePieces.map(\.piece) == [0, 1, 2])
        let whole = EvidenceCollector.evidence(try facts { $0.wantedVerifiedBytes = 163_840 })
        #expect(whole.missingPieces == 0)
    }

    /// Red where somebody who is still being dialled counts, as it was when it was last seen.
    @Test("Who is connected has what it has")
    func connected() throws {
        var peers = try [2, 3].map { KnownFacts.snapshot(try PeerEndpoint(parsing: "10.0.0.\($0):1")) }
        (peers[0].pieces, peers[1].pieces) = ([0b1111_0000, 0], [0b0000_1111, 0xff])
        peers[1].isConnected = false
        let evidence = EvidenceCollector.evidence(try facts { $0.peers = peers })
        #expect(evidence.lonePieces.map(\.piece) == [4, 5, 6, 7, 8, 9] && evidence.missingPieces == 10)
    }

    /// Red where one of them is not taken over.
    @Test(
        "Where the engine listens, was to listen, and why it does not; which interface is away; when bytes came"
    )
    func engine() throws {
        var history = SwarmHistory()
        history.look(receivedBytes: 9, at: now - .seconds(4))
        history.look(receivedBytes: 9, at: now - .seconds(1))
        let listening = try PeerEndpoint(parsing: "10.0.0.1:6881")
        let evidence = EvidenceCollector.evidence(
            try facts {
                $0.interfacesDown = ["wg0"]
                $0.listen = [try ListenAddress(parsing: "10.0.0.1:6881")]
                $0.listening = [listening]
                $0.listenFailures = [EngineError(.addressInUse, "listen", reason: "in use")]
                $0.history = history
            })
        #expect(evidence.interfacesDown == ["wg0"] && evidence.listenWanted == ["10.0.0.1:6881"])
        #expect(evidence.listening == [listening])
        #expect(evidence.listenFailures.count == 1 && evidence.listenFailures[0].contains("in use"))
        #expect(evidence.secondsSinceReceived == 4)
    }

    /// Red where the holder of another piece is named, or not the last one.
    @Test("Who had a piece last")
    func holders() throws {
        var history = SwarmHistory()
        for (number, pieces) in [(2, [0b0110_0000]), (3, [0b0100_0000]), (4, [0b1000_0000])]
            as [(Int, [UInt8])]
        {
            var peer = KnownFacts.snapshot(try PeerEndpoint(parsing: "10.0.0.\(number):1"))
            peer.pieces = pieces
            peer.member = try DiagnosisFixture.members(["10.0.0.\(number)"]).first
            history.look([peer], at: now - .seconds(number))
        }
        let evidence = EvidenceCollector.evidence(try facts { $0.history = history })
        let holders = evidence.lonePieces.prefix(4).map { $0.lastHolder?.endpoint.address.description }
        #expect(holders == ["10.0.0.4", "10.0.0.2", "10.0.0.2", nil])
        #expect(evidence.lonePieces[0].lastHolder?.secondsAgo == 4)
        #expect(evidence.lonePieces[0].lastHolder?.identity == "peer-10.0.0.4")
    }

    /// Red where a refusal of another torrent counts, or one from before the last member was let in.
    @Test("Whose refusal counts")
    func refusals() throws {
        var history = SwarmHistory()
        history.note(
            .peerConnected(try PeerEndpoint(parsing: "10.0.0.2:1"), direction: .incoming, member: nil),
            at: now - .seconds(5))
        let tries: [(UInt64?, Int)] = [(7, 1), (8, 1), (nil, 2), (7, 6), (nil, 9)]
        let all = try tries.map { torrent, seconds in
            var out = try KnownEvidence.stranger()
            out.torrent = torrent.map { Torrent.ID(raw: $0) }
            out.sinceLast = .seconds(seconds)
            return out
        }
        let evidence = EvidenceCollector.evidence(
            try facts {
                $0.refusals = all
                $0.history = history
            })
        #expect(evidence.refusals == [all[0], all[2]])
        let alone = EvidenceCollector.evidence(try facts { $0.refusals = all })
        #expect(alone.refusals == [all[0], all[2], all[3], all[4]])
    }

    /// Red where a limit is taken for one of the other direction or of another scope, or 0 for a limit.
    @Test("Each limit with its scope and direction")
    func limits() throws {
        let evidence = EvidenceCollector.evidence(
            try facts {
                $0.limits = RateLimits(upload: 1, download: 2)
                $0.classLimits = RateLimits(upload: 3)
                $0.engineLimits = RateLimits(download: 4)
            })
        #expect(
            Set(evidence.limits) == [
                Evidence.Limit(.torrent, .upload, bytesPerSecond: 1),
                Evidence.Limit(.torrent, .download, bytesPerSecond: 2),
                Evidence.Limit(.rateClass, .upload, bytesPerSecond: 3),
                Evidence.Limit(.engine, .download, bytesPerSecond: 4),
            ])
    }

    /// Red where a fault that is over is still told.
    @Test("A fault counts while it stands, and failed pieces are named once")
    func faults() throws {
        var history = SwarmHistory()
        for piece in [9, 3, 9] { history.note(.hashFailed(piece: piece), at: now) }
        let evidence = EvidenceCollector.evidence(
            try facts {
                $0.fault = EngineError(.diskFull, "write", reason: "full")
                $0.history = history
            })
        #expect(evidence.fault == nil && evidence.failedPieces == [3, 9])
    }

    /// Red where an entry that is gone is shown as one that admits, or the identity is forgotten with it.
    @Test("Of whom was withdrawn it is known who it was, and that nothing admits it")
    func withdrawn() throws {
        let members = try DiagnosisFixture.members(["10.0.0.2", "10.0.0.3"])
        var history = SwarmHistory()
        for (member, address) in zip(members, ["10.0.0.2", "10.0.0.3"]) {
            let endpoint = try PeerEndpoint(parsing: "\(address):1")
            history.note(.peerConnected(endpoint, direction: .incoming, member: member), at: now)
            history.note(
                .peerDisconnected(endpoint, direction: .incoming, reason: .closed, detail: ""), at: now)
        }
        let peers = EvidenceCollector.evidence(
            try facts {
                $0.history = history
                $0.members = [members[1]]
            }
        ).peers
        #expect(peers.map(\.identity) == ["peer-10.0.0.2", "peer-10.0.0.3"])
        #expect(peers.map(\.rule) == [nil, "10.0.0.3"])
    }
}

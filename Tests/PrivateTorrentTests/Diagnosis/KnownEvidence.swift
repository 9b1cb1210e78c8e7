@testable import PrivateTorrent
@testable import TorrentEngine

/// Evidence as it would be found, to be changed: a fetch that listens, with one member that can be dialled.
enum KnownEvidence {
    /// Of a fetch that has nothing yet.
    static let status = TorrentStatus(
        state: .downloading, isStarted: true, isMoving: false, connectedPeers: 0, contentBytes: 1 << 20,
        verifiedBytes: 0, reusedBytes: 0, receivedBytes: 0, wastedBytes: 0, uploadedBytes: 0, downloadRate: 0,
        uploadRate: 0, pieceCount: 64, pieceLengthBytes: 16384, verifiedPieces: 0, wantedBytes: 1 << 20,
        wantedVerifiedBytes: 0)

    static func of(_ change: (inout Evidence) throws -> Void = { _ in }) throws -> Evidence {
        var out = Evidence()
        out.status = status
        out.listenWanted = ["10.0.0.1:6881"]
        out.listening = [try PeerEndpoint(parsing: "10.0.0.1:6881")]
        out.members = try DiagnosisFixture.members(["10.0.0.2:6881"])
        try change(&out)
        return out
    }

    /// A member of that address.
    static func peer(
        _ state: PeerReport.State, _ reason: DisconnectReason? = nil, wasConnected: Bool = false,
        wasReached: Bool = false, at address: String = "10.0.0.2"
    ) throws -> PeerReport {
        let place = "\(address):6881"
        var out = PeerReport(
            try PeerEndpoint(parsing: place), direction: .outgoing, state: state,
            member: try DiagnosisFixture.members([place]).first)
        out.lastError = reason.map {
            PeerReport.Failure(
                $0, detail: "why", wasConnected: wasConnected, wasReached: wasReached, secondsAgo: 3)
        }
        return out
    }

    static func stranger(_ reason: RefusalReason = .notAMember) throws -> RefusedPeer {
        RefusedPeer(
            endpoint: try PeerEndpoint(parsing: "10.9.9.9:5"), torrent: nil, direction: .incoming,
            reason: reason, tries: 7, sinceFirst: .seconds(9), sinceLast: .seconds(1))
    }
}

/// What an engine would tell of a torrent of ten pieces of 16 KiB, none of them here, to be changed.
struct KnownFacts {
    var interfacesDown: [String] = []
    var listen: [ListenAddress] = []
    var listening: [PeerEndpoint] = []
    var listenFailures: [EngineError] = []
    var refusals: [RefusedPeer] = []
    var fault: EngineError?
    var members: [Member] = []
    var engineLimits = RateLimits()
    var limits = RateLimits()
    var classLimits: RateLimits?
    var peers: [PeerSnapshot] = []
    var history = SwarmHistory()
    var wantedVerifiedBytes: UInt64 = 0
    var verified: [UInt8] = [0, 0]
    var files: [FileSnapshot] = []

    static func of(
        at time: ContinuousClock.Instant, _ change: (inout KnownFacts) throws -> Void
    ) throws -> TorrentFacts {
        var facts = KnownFacts()
        try change(&facts)
        var status = KnownEvidence.status
        (status.pieceCount, status.pieceLengthBytes, status.wantedBytes) = (10, 16384, 163_840)
        status.wantedVerifiedBytes = facts.wantedVerifiedBytes
        return TorrentFacts(
            torrent: Torrent.ID(raw: 7), interfacesDown: facts.interfacesDown, listen: facts.listen,
            listening: facts.listening, listenFailures: facts.listenFailures,
            engineLimits: facts.engineLimits,
            refusals: Refusals(totals: [:], latest: facts.refusals, forgotten: 0), status: status,
            fault: facts.fault, members: facts.members, limits: facts.limits, rateClass: nil,
            classLimits: facts.classLimits, peers: facts.peers, history: facts.history,
            verified: facts.verified, chosenFiles: facts.files, time: time)
    }

    /// Of one that we dialled.
    static func snapshot(_ endpoint: PeerEndpoint) -> PeerSnapshot {
        PeerSnapshot(
            endpoint: endpoint, direction: .outgoing, member: nil, isConnected: true, isDialling: false,
            isInteresting: false, isChoked: false, isRemoteInterested: false, isRemoteChoking: false,
            isSeed: false, isObfuscated: false, downloadRate: 0, uploadRate: 0, downloadedBytes: 0,
            uploadedBytes: 0, isDownloadLimited: false, isUploadLimited: false, pieceCount: 0, pieces: [],
            client: "")
    }
}

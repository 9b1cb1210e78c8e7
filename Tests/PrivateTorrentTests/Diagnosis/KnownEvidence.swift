@testable import PrivateTorrent
@testable import TorrentEngine

/// Evidence as it would be found, to be changed: a fetch that listens, with one member that can be dialled.
enum KnownEvidence {
    static func of(_ change: (inout Evidence) throws -> Void = { _ in }) throws -> Evidence {
        var out = Evidence()
        out.status = TorrentStatus(
            state: .downloading, isStarted: true, isMoving: false, connectedPeers: 0, contentBytes: 1 << 20,
            verifiedBytes: 0,
            reusedBytes: 0, receivedBytes: 0, wastedBytes: 0, uploadedBytes: 0, downloadRate: 0,
            uploadRate: 0, pieceCount: 64, pieceLengthBytes: 16384, verifiedPieces: 0,
            wantedBytes: 1 << 20, wantedVerifiedBytes: 0)
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

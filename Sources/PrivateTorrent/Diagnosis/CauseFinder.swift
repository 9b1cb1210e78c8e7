import TorrentEngine

/// Finds the one cause, upstream first. Pure.
///
/// What stands in the way of everybody comes before what stands in the way of one: where members are stuck at different
/// places, the cause is that of the one who got furthest.
struct CauseFinder {
    /// Without a byte for so many seconds, it does not move.
    static let stillness = 5.0

    private let evidence: Evidence
    private let connected: [PeerReport]

    init(_ evidence: Evidence) {
        self.evidence = evidence
        connected = evidence.peers.filter { $0.state == .connected }
    }

    var cause: Cause {
        if let retirement = evidence.retirement {
            return .paused(Cause.Pause(by: .retention, retention: retirement))
        }
        if evidence.isPausedInStore { return .paused(Cause.Pause(by: .user)) }
        guard let status = evidence.status else { return notTakenUp }
        guard status.isStarted else { return .paused(Cause.Pause(by: .program)) }
        if let fault = fault(status) { return fault }
        if !evidence.interfacesDown.isEmpty {
            return .interfaceDown(Cause.InterfaceDown(interfaces: evidence.interfacesDown))
        }
        if status.isMoving { return .nothingWrong(activity(.relocating, status)) }
        if status.state == .checking { return .nothingWrong(activity(.checking, status)) }
        if evidence.members.isEmpty, connected.isEmpty { return .noMember }
        if status.state == .held {
            return .metadataMissing(Cause.Metadata(isHeld: true, peers: capped(connected)))
        }
        if status.state.isWhole { return whole(status) }
        return connected.isEmpty ? lonely(status) : withPeers(status)
    }

    /// It is kept, and not in the engine: for a reason that is known, or not.
    private var notTakenUp: Cause {
        guard let error = evidence.fault else { return .paused(Cause.Pause(by: .notTakenUp)) }
        let isOfDisk: Set<EngineError.Code> = [
            .diskFull, .inputMissing, .permissionDenied, .inputOutput, .fileExists, .contentMismatch,
            .contentChanged,
        ]
        if isOfDisk.contains(error.code) {
            // Nothing tries again by itself.
            return fault(error, remedy: "\(error.remedy ?? "see to that"), then resume it")
        }
        return error.code == .noMember ? .noMember : .paused(Cause.Pause(by: .notTakenUp))
    }

    private func fault(_ status: TorrentStatus) -> Cause? {
        status.state == .failed ? fault(evidence.fault, remedy: evidence.fault?.remedy) : nil
    }

    private func fault(_ error: EngineError?, remedy: String?) -> Cause {
        let fault = Cause.DiskFault(
            path: error?.path, code: error?.code.description ?? "inputOutput",
            reason: error?.reason ?? "a storage error stopped it", remedy: remedy,
            systemErrno: error?.systemErrno, isFreeSpaceFloor: error?.isFreeSpaceFloor ?? false)
        return error?.code == .diskFull ? .diskFull(fault) : .diskFault(fault)
    }

    private func whole(_ status: TorrentStatus) -> Cause {
        if connected.isEmpty {
            if let deaf = notListening { return deaf }
            if let refused { return refused }
        }
        if let limit = limit(.upload, rate: status.uploadRate, connected.contains(where: \.isUploadLimited)) {
            return limit
        }
        return .nothingWrong(activity(status.state == .seeding ? .seeding : .whole, status))
    }

    /// Nobody is connected, and something is missing.
    private func lonely(_ status: TorrentStatus) -> Cause {
        if let deaf = notListening { return deaf }
        // Who is no member any more, or whose connection we closed, is not in the way.
        // Who is dialled again is in the way as before, until that comes to a connection.
        let failed = evidence.peers.filter {
            $0.state != .banned && $0.isMember && $0.lastError.map { $0.reason != .byUs } ?? false
        }
        let left = failed.filter { $0.progress == .connected }
        let turnedAway = failed.filter { $0.progress == .reached }
        let unreached = failed.filter { $0.progress == .dialled }
        if let corrupt { return corrupt }
        if !left.isEmpty { return .membersGone(peers(left)) }
        if !turnedAway.isEmpty { return .handshakeRefused(peers(turnedAway)) }
        if !unreached.isEmpty { return .notReached(peers(unreached)) }
        if let refused { return refused }
        let isTrying = evidence.peers.contains { peer in
            switch peer.state {
            case .dialling, .handshaking, .notSeen: true
            // It is dialled again.
            case .gone: peer.isMember && peer.direction == .outgoing
            case .connected, .banned: false
            }
        }
        return isTrying
            ? .nothingWrong(activity(.connecting, status)) : .nobodyCame(peers(evidence.peers))
    }

    private var corrupt: Cause? {
        let banned = evidence.peers.filter { $0.state == .banned && $0.isMember }
        guard !banned.isEmpty else { return nil }
        return .hashFailures(Cause.HashFailures(peers: capped(banned), pieces: evidence.failedPieces))
    }

    /// Somebody is connected, and something is missing.
    private func withPeers(_ status: TorrentStatus) -> Cause {
        if let limit = limit(
            .download, rate: status.downloadRate, connected.contains(where: \.isDownloadLimited))
        {
            return limit
        }
        if evidence.secondsSinceReceived ?? .infinity < Self.stillness {
            return .nothingWrong(activity(.moving, status))
        }
        if status.state == .metadata {
            return .metadataMissing(Cause.Metadata(isHeld: false, peers: capped(connected)))
        }
        let useful = connected.filter(\.isInteresting)
        if useful.isEmpty {
            if let corrupt { return corrupt }
            guard evidence.lonePieceCount > 0 else {
                return .nothingWrong(activity(.connecting, status))
            }
            return .nobodyHasPiece(
                Cause.LonePieces(
                    pieces: evidence.lonePieces, count: evidence.lonePieceCount, peers: capped(connected)))
        }
        return useful.allSatisfy(\.isChokingUs)
            ? .chokedByAll(peers(useful)) : .notAnswering(peers(useful.filter { !$0.isChokingUs }))
    }

    /// Neither can anybody dial us, nor is there anybody whom we could dial.
    private var notListening: Cause? {
        guard evidence.listening.isEmpty else { return nil }
        let canDial = evidence.members.contains { $0.endpoint != nil }
        guard !(evidence.listenWanted.isEmpty && canDial) else { return nil }
        return .notListening(
            Cause.NotListening(wanted: evidence.listenWanted, failures: evidence.listenFailures))
    }

    private var refused: Cause? {
        guard !evidence.refusals.isEmpty else { return nil }
        return .allRefused(
            Cause.Refused(
                refusals: refusals, peers: capped(evidence.peers.filter { $0.state != .notSeen }),
                isWhole: evidence.status?.state.isWhole ?? false))
    }

    private func limit(
        _ direction: Evidence.Limit.Direction, rate: UInt64, _ isWaiting: Bool
    ) -> Cause? {
        let limits = evidence.limits.filter { $0.direction == direction }
        guard let limit = limits.min(by: { $0.bytesPerSecond < $1.bytesPerSecond }) else { return nil }
        guard isWaiting || rate >= limit.bytesPerSecond / 20 * 17 else { return nil }
        return .rateLimit(Cause.RateLimited(limit: limit, rate: rate))
    }

    private func activity(_ kind: Cause.Activity.Kind, _ status: TorrentStatus) -> Cause.Activity {
        Cause.Activity(
            kind: kind, connected: connected.count, downloadRate: status.downloadRate,
            uploadRate: status.uploadRate, missingPieces: evidence.missingPieces)
    }

    private func peers(_ peers: [PeerReport]) -> Cause.Peers {
        Cause.Peers(peers: capped(peers), refusals: refusals)
    }

    private func capped(_ peers: [PeerReport]) -> [PeerReport] { Array(peers.prefix(64)) }

    private var refusals: [Cause.Refusal] {
        evidence.refusals.prefix(16).map {
            Cause.Refusal(
                endpoint: $0.endpoint, direction: $0.direction, reason: $0.reason, tries: $0.tries,
                secondsAgo: max(0, $0.sinceLast / .seconds(1)), isBeforeTorrent: $0.torrent == nil,
                formerMember: $0.formerMember.map { FormerMemberReport($0) })
        }
    }
}

extension PeerReport {
    fileprivate enum Progress { case dialled, reached, connected }

    /// How far its last connection came.
    fileprivate var progress: Progress {
        guard let lastError, !lastError.wasConnected else { return .connected }
        guard !lastError.wasReached else { return .reached }
        return switch lastError.reason {
        case .closedBeforeHandshake, .closed, .protocolError: .reached
        default: .dialled
        }
    }

    fileprivate var isMember: Bool { rule != nil }
}

extension TorrentState {
    fileprivate var isWhole: Bool { self == .seeding || self == .finished }
}

extension EngineError {
    /// Whether there was room, and the floor of free space kept it: only the shim says it so.
    fileprivate var isFreeSpaceFloor: Bool { code == .diskFull && reason.hasSuffix("would be left free") }
}

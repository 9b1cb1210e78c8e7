import TorrentEngine

extension Explanation {
    /// Why, in one English sentence.
    public var summary: String {
        switch cause {
        case .paused(let pause):
            switch pause.by {
            case .user: "it was paused by hand, and stays so until it is resumed"
            case .program: "the program that runs it has stopped it, or has not started it yet"
            case .retention:
                switch pause.retention {
                case .expired: "it was removed: its time was over"
                case .idle: "it was removed: no member had been connected for as long as it may be"
                case .overBudget, nil: "it was removed with its content, to make room"
                }
            case .notTakenUp:
                "it is kept, and does not run: nobody has taken it up since the start, or that failed"
            }
        case .diskFull(let fault) where fault.isFreeSpaceFloor:
            "the disk has reached the floor of free space\(at(fault)): \(fault.reason)"
        case .diskFull(let fault): "the disk is full\(at(fault))"
        case .diskFault(let fault): "a storage error stopped it\(at(fault)): \(fault.reason)"
        case .interfaceDown(let down): "the interface \(list(down.interfaces)) is away: nothing is sent"
        case .notListening(let deaf):
            deaf.wanted.isEmpty
                ? "the engine listens nowhere, and no member can be dialled"
                : "the engine does not listen on \(list(deaf.wanted)): "
                    + (deaf.failures.isEmpty ? "the socket is gone" : list(deaf.failures))
        case .noMember: "no member is known: nobody may be in its swarm"
        case .allRefused(let refused):
            (refused.isWhole
                ? "it is whole, and nobody is connected; we refused: " : "no member came, and we refused: ")
                + list(refusals(refused.refusals))
        case .notReached(let reach): "no member is reached: " + list(reach.peers.map(words))
        case .handshakeRefused(let reach):
            "members are reached, and do not answer with their handshake: " + list(reach.peers.map(words))
        case .membersGone(let reach): "the members that were connected left: " + list(reach.peers.map(words))
        case .nobodyCame: "no member has dialled us, and none has a port that we could dial"
        case .hashFailures(let failures):
            "corrupt pieces came from \(list(failures.peers.map(who))), banned for it, and nobody else has what is "
                + "missing (pieces that failed: \(Units.ranges(failures.pieces)))"
        case .metadataMissing(let metadata):
            metadata.isHeld
                ? "the metadata is here and waits to be accepted"
                : "who is connected has not sent the metadata: \(list(metadata.peers.map(who)))"
        case .nobodyHasPiece(let lone): lonely(lone)
        case .chokedByAll(let choking):
            "everybody who has what is missing has us wait (chokes us): " + list(choking.peers.map(who))
        case .rateLimit(let bound):
            "the \(bound.limit.direction.rawValue) limit of \(words(bound.limit.scope)) bounds it: "
                + Units.rate(bound.limit.bytesPerSecond)
        case .notAnswering(let silent):
            "members let us ask, and send nothing: " + list(silent.peers.map(who))
        case .nothingWrong(let activity):
            switch activity.kind {
            case .checking: "nothing is wrong: what is on disk is being looked at"
            case .relocating: "nothing is wrong: its files are being moved to another folder"
            case .connecting: "nothing is wrong so far: members are being asked"
            case .moving: "nothing is wrong: bytes come, \(Units.rate(activity.downloadRate))"
            case .seeding:
                activity.connected == 0
                    ? "nothing is wrong: it is whole, and no member is connected"
                    : "nothing is wrong: it is whole, \(Units.count(activity.connected, "member")) connected, "
                        + "\(Units.rate(activity.uploadRate)) up"
            case .whole: "nothing is wrong: all that is wanted of it is there"
            }
        case .other(let name): "a cause that this version does not know: \(name)"
        }
    }

    private func lonely(_ lone: Cause.LonePieces) -> String {
        guard let first = lone.pieces.first else { return "nobody who is connected has what is missing" }
        let who = first.lastHolder.map {
            "\($0.identity.map { "\($0) at " } ?? "")\($0.endpoint) had it last, \(Units.ago($0.secondsAgo))"
        }
        return "nobody who is connected has piece \(first.piece)"
            + (lone.count > 1 ? " and \(lone.count - 1) more" : "") + ": "
            + (who ?? "nobody was seen with it so far")
    }

    private func at(_ fault: Cause.DiskFault) -> String { fault.path.map { " (\($0))" } ?? "" }

    /// `alice at 10.0.0.2:6881`
    private func who(_ peer: PeerReport) -> String {
        "\(peer.identity.map { "\($0) at " } ?? "")\(peer.endpoint)"
    }

    private func words(_ peer: PeerReport) -> String {
        guard let error = peer.lastError else { return who(peer) }
        return "\(who(peer)) (\(error.words), \(Units.ago(error.secondsAgo)))"
    }

    /// Each once: one that dials us comes from another port each time.
    private func refusals(_ all: [Cause.Refusal]) -> [String] {
        var out: [String] = []
        for one in all {
            let place = one.direction == .incoming ? "\(one.endpoint.address)" : "\(one.endpoint)"
            let text = "\(place) (\(one.words))"
            if !out.contains(text) { out.append(text) }
        }
        return out
    }

    private func words(_ scope: Evidence.Limit.Scope) -> String {
        switch scope {
        case .engine: "all torrents together"
        case .rateClass: "its class of torrents"
        case .torrent: "this torrent"
        }
    }
}

/// A few, and how many more.
private func list(_ texts: [String]) -> String {
    texts.prefix(4).joined(separator: ", ") + (texts.count > 4 ? " and \(texts.count - 4) more" : "")
}

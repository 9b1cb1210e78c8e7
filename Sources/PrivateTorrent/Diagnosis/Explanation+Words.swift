import TorrentEngine

extension Explanation {
    /// Why, in one English sentence.
    public var summary: String {
        switch cause {
        case .paused(let pause):
            switch pause.by {
            case .user: "it was paused by its user"
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
            "we refused whoever came: "
                + list(refused.refusals.map { "\($0.endpoint) (\(refusalWords($0.reason)))" })
        case .notReached(let reach): "no member is reached: " + list(reach.peers.map(words))
        case .handshakeRefused(let reach):
            "the other side closes before its handshake: " + list(reach.peers.map(words))
        case .membersGone(let reach): "the members that were connected left: " + list(reach.peers.map(words))
        case .nobodyCame: "no member has dialled us, and none has a port that we could dial"
        case .hashFailures(let failures):
            "\(list(failures.peers.map { "\($0.endpoint)" })) sent corrupt pieces and was banned, and nobody else "
                + "has what is missing (pieces that failed: \(list(failures.pieces.map(String.init))))"
        case .metadataMissing(let metadata):
            metadata.isHeld
                ? "the metadata is here and waits to be accepted"
                : "\(list(metadata.peers.map { "\($0.endpoint)" })) is connected, and has not sent the metadata"
        case .nobodyHasPiece(let lone): lonely(lone)
        case .chokedByAll(let choking):
            "everybody who has what is missing chokes us: " + list(choking.peers.map { "\($0.endpoint)" })
        case .rateLimit(let bound):
            "the \(bound.limit.direction.rawValue) limit of \(words(bound.limit.scope)) bounds it: "
                + "\(bound.limit.bytesPerSecond) bytes a second"
        case .notAnswering(let silent):
            "members let us ask, and send nothing: " + list(silent.peers.map { "\($0.endpoint)" })
        case .nothingWrong(let activity):
            switch activity.kind {
            case .checking: "nothing is wrong: what is on disk is being looked at"
            case .relocating: "nothing is wrong: its files are being moved to another folder"
            case .connecting: "nothing is wrong so far: members are being asked"
            case .moving: "nothing is wrong: it is moving, \(activity.downloadRate) bytes a second"
            case .seeding: "nothing is wrong: it is whole, and seeded to \(activity.connected) members"
            case .whole: "nothing is wrong: all that is wanted of it is there"
            }
        case .other(let name): "a cause that this version does not know: \(name)"
        }
    }

    private func lonely(_ lone: Cause.LonePieces) -> String {
        guard let first = lone.pieces.first else { return "nobody who is connected has what is missing" }
        let who = first.lastHolder.map {
            "\($0.identity.map { "\($0) at " } ?? "")\($0.endpoint) had it last, \(Int($0.secondsAgo)) s ago"
        }
        return "nobody who is connected has piece \(first.piece)"
            + (lone.count > 1 ? " and \(lone.count - 1) more" : "") + ": "
            + (who ?? "nobody was seen with it so far")
    }

    private func at(_ fault: Cause.DiskFault) -> String { fault.path.map { " (\($0))" } ?? "" }

    private func words(_ peer: PeerReport) -> String {
        guard let error = peer.lastError else { return "\(peer.endpoint)" }
        let why =
            switch error.reason {
            case .connectionRefused: "nobody listens there"
            case .unreachable: "no way there"
            case .timedOut: error.wasConnected ? "it fell silent" : "no answer"
            case .closedBeforeHandshake: "closed before its handshake"
            case .closed: "closed by the other side"
            default: error.detail
            }
        return "\(peer.endpoint) (\(why), \(Int(error.secondsAgo)) s ago)"
    }

    private func words(_ scope: Evidence.Limit.Scope) -> String {
        switch scope {
        case .engine: "the engine"
        case .rateClass: "its class"
        case .torrent: "the torrent"
        }
    }
}

/// A few, and how many more.
private func list(_ texts: [String]) -> String {
    texts.prefix(4).joined(separator: ", ") + (texts.count > 4 ? " and \(texts.count - 4) more" : "")
}

func refusalWords(_ reason: RefusalReason) -> String {
    switch reason {
    case .notAMember: "its address is no member's"
    case .notOfThisTorrent: "it is no member of this torrent"
    case .revoked: "it is no member any more"
    case .notDialled: "nobody is a member there"
    case .harmfulHandshake: "its handshake would harm the engine"
    case .notBound: "it is not on the interface or address that the engine is bound to"
    case .tooMany: "its address has as many connections as one may have"
    case .other: "another reason"
    }
}

import TorrentEngine

extension Explanation {
    /// What to do next, in English.
    public var action: String {
        switch cause {
        case .paused(let pause):
            switch pause.by {
            case .user: "resume it"
            case .program: "start it, or see why the program stopped it"
            case .retention: "add it again; pin it, or give it more time, for it to stay"
            case .notTakenUp: "resume it, and read why that fails"
            }
        case .diskFull(let fault) where fault.isFreeSpaceFloor:
            "free some space or lower the floor: it goes on by itself"
        case .diskFull(let fault), .diskFault(let fault):
            fault.remedy ?? "look at the disk, then start it again"
        case .interfaceDown(let down):
            "bring \(down.interfaces.joined(separator: ", ")) up with its addresses: it goes on by itself"
        case .notListening(let deaf):
            deaf.wanted.isEmpty
                ? "listen somewhere, or give members with their ports"
                : "see who has the port, or choose another, and start the engine again"
        case .noMember: "add members"
        case .allRefused(let refused): remedy(refused)
        case .notReached(let found):
            "compare address and port with what the member listens on, see that it runs and that no firewall is in "
                + "between" + elsewhere(found)
        case .handshakeRefused(let found):
            "ask the other side whether the torrent runs there, and whether our address is in its list of members"
                + elsewhere(found)
        case .membersGone(let found):
            "wait for them to come back, or add members; those with a port are dialled again by themselves"
                + elsewhere(found)
        case .nobodyCame: "let a member dial us, or give a member's port so that we can dial"
        case .hashFailures: "ask who shares it to verify it, and add another member that has it"
        case .metadataMissing(let metadata):
            metadata.isHeld
                ? "accept the metadata"
                : "ask a member that has it, or add the torrent by its .torrent file"
        case .nobodyHasPiece(let lone):
            lone.pieces.contains { $0.lastHolder != nil }
                ? "bring back who had it last, or add a member that has it" : "add a member that has it whole"
        case .chokedByAll: "wait, or ask the members about their limits of upload slots"
        case .rateLimit: "raise that limit, if it should be faster"
        case .notAnswering: "see whether the other side limits its rate, or has a slow disk; else wait"
        case .nothingWrong: "nothing"
        case .other: "use a newer version"
        }
    }

    /// A member whose address changed is refused as a stranger.
    private func elsewhere(_ found: Cause.Peers) -> String {
        let stranger = found.refusals.first {
            $0.direction == .incoming && $0.formerMember == nil
                && [.notAMember, .notOfThisTorrent].contains($0.reason)
        }
        guard let stranger else { return "" }
        return
            "; we refused \(stranger.endpoint.address) meanwhile: if that is a member at another address, add it"
    }

    private func remedy(_ refused: Cause.Refused) -> String {
        if refused.refusals.first?.formerMember != nil {
            return "nothing, if it was withdrawn on purpose; else add its address to the members again"
        }
        return switch refused.refusals.first?.reason {
        case .notAMember, .notOfThisTorrent, .revoked, .notDialled:
            "if one of them should be let in, add its address to the members"
        case .notBound: "use an address of the interface that the engine is bound to, or bind it to another"
        case .tooMany: "raise the number of peers of one address (peersPerAddress)"
        default: "look at the refusals"
        }
    }
}

import NodeInterface
import PrivateTorrent
import TorrentEngine

extension NodeCondition {
    /// Below it a busy node soon has no descriptor left: each connection and each open file takes one.
    static let fewDescriptors: UInt64 = 4096
    /// 2025-01-01: no node was built before.
    static let earliestTime = UnixTime(milliseconds: 1_735_689_600_000)

    /// Everything that is looked at, each at least once.
    var checks: [NodeCheck] {
        [listeningCheck, addressCheck, interfaceCheck, stateDirectoryCheck, stateFileCheck, lastExitCheck]
            + roomChecks + torrentChecks + [responsivenessCheck, clockCheck, descriptorCheck]
            + configurationChecks
    }

    private var listeningCheck: NodeCheck {
        if let failure = listenFailures.first {
            return NodeCheck(
                "listening", .error, failure,
                remedy: "see that the address is this machine's and the port free, then restart the node")
        }
        if listening.isEmpty, !wantedListeners.isEmpty, interfacesDown.isEmpty {
            return NodeCheck(
                "listening", .error, "it listens nowhere, and was told \(Self.list(wantedListeners))",
                remedy: "restart the node")
        }
        return NodeCheck(
            "listening", .ok,
            listening.isEmpty
                ? wantedListeners.isEmpty
                    ? "nowhere, as it was told: members cannot dial it"
                    : "nowhere until the interface is back" : "at \(Self.list(listening.map(\.description)))")
    }

    /// A socket outlives its address: it listens on, and nobody can reach it.
    private var addressCheck: NodeCheck {
        let gone = listening.map(\.address).filter {
            !$0.isUnspecified && !$0.isLoopback && !machineAddresses.contains($0)
        }
        guard gone.isEmpty else {
            return NodeCheck(
                "listenAddresses", .error,
                "no interface of this machine has \(Self.list(gone.map(\.description))) any more",
                remedy: "give the address back to an interface, or change Swarmd:Listen and restart")
        }
        return NodeCheck("listenAddresses", .ok, "each is this machine's")
    }

    private var interfaceCheck: NodeCheck {
        guard interfacesDown.isEmpty else {
            return NodeCheck(
                "interfaces", .error,
                "\(Self.list(interfacesDown)) is away: nothing is sent or received until it is back",
                remedy: "bring the interface up")
        }
        return NodeCheck("interfaces", .ok, "none that it is bound to is away")
    }

    private var stateDirectoryCheck: NodeCheck {
        guard stateOwner == user else {
            return NodeCheck(
                "stateDirectory", .error,
                "\(stateDirectory) belongs to user \(stateOwner), and the node runs as \(user)",
                remedy: "chown it to the node's user")
        }
        guard stateMode & 0o077 == 0 else {
            return NodeCheck(
                "stateDirectory", .error, "others have access to \(stateDirectory)",
                remedy: "chmod 700 \(stateDirectory)")
        }
        return NodeCheck("stateDirectory", .ok, "the node's own, and closed to others")
    }

    private var stateFileCheck: NodeCheck {
        if state.isRebuilt {
            return NodeCheck(
                "stateFiles", .error, "the index was lost: nobody is a member of any torrent, and none runs",
                remedy: "add each torrent again with its members (Docs/State.md)")
        }
        if let problem = state.problems.first {
            let more = state.problems.count > 1 ? ", and \(state.problems.count - 1) more" : ""
            return NodeCheck(
                "stateFiles", .error, "\(problem.file): \(problem.reason); \(problem.consequence)\(more)",
                remedy: "look at the disk, and add the torrent again")
        }
        guard quarantined == 0 else {
            return NodeCheck(
                "stateFiles", .warning, "\(quarantined) broken files of earlier starts are in quarantine",
                remedy: "remove \(stateDirectory)/quarantine once nobody needs them")
        }
        return NodeCheck("stateFiles", .ok, "none is broken")
    }

    private var lastExitCheck: NodeCheck {
        state.wasUnclean
            ? NodeCheck(
                "lastExit", .warning, "the run before this one ended by a crash, a kill or a power cut",
                remedy: "look into the log of that time; what was not on the disk yet is hashed again")
            : NodeCheck("lastExit", .ok, "the run before this one ended as it should")
    }

    private var responsivenessCheck: NodeCheck {
        let words = "the engine answered after \(Int64(engineDelay.milliseconds)) ms"
        guard engineDelay > .seconds(1) else { return NodeCheck("responsiveness", .ok, words) }
        return NodeCheck(
            "responsiveness", engineDelay > .seconds(5) ? .error : .warning, words,
            remedy: "see whether the machine or its disk is overloaded")
    }

    private var clockCheck: NodeCheck {
        let remedy = "set the clock, and let something keep it right (NTP)"
        if time < Self.earliestTime {
            return NodeCheck("clock", .error, "it stands before 2025", remedy: remedy)
        }
        if let latestKnownTime, latestKnownTime.since(time) > .seconds(60) {
            return NodeCheck(
                "clock", .warning, "a torrent was added later than now: the clock is, or was, wrong",
                remedy: remedy)
        }
        guard clockDrift > .seconds(-60), clockDrift < .seconds(60) else {
            return NodeCheck(
                "clock", .warning,
                "it was set by \(clockDrift.components.seconds) s since the node started: times in the log jump",
                remedy: remedy)
        }
        return NodeCheck("clock", .ok, "it was not set since the node started")
    }

    private var descriptorCheck: NodeCheck {
        let words = "\(openDescriptors) of \(descriptorLimit) file descriptors are in use"
        let remedy = "raise the limit: LimitNOFILE=65536 in the systemd unit, or ulimit -n"
        if UInt64(max(0, openDescriptors)) > descriptorLimit / 10 * 8 {
            return NodeCheck("descriptors", .error, words, remedy: remedy)
        }
        guard descriptorLimit >= Self.fewDescriptors else {
            return NodeCheck("descriptors", .warning, words, remedy: remedy)
        }
        return NodeCheck("descriptors", .ok, words)
    }

    private static func list(_ texts: [String]) -> String { texts.joined(separator: ", ") }
}

/// Those of which there may be several of a kind: where all are well, one says so.
extension NodeCondition {
    fileprivate var roomChecks: [NodeCheck] {
        let troubles = rooms.compactMap { room -> NodeCheck? in
            guard let free = room.freeBytes else {
                return NodeCheck(
                    "freeSpace", .error, "\(room.folder): \(room.problem ?? "it cannot be looked at")",
                    remedy: "mount it, or move its torrents", subject: room.folder)
            }
            let floor = freeSpaceFloor > 0 ? ", and \(Units.size(freeSpaceFloor)) are to stay so" : ""
            let words = "\(Units.size(free)) are free at \(room.folder)\(floor)"
            let remedy = "make room, or move torrents elsewhere: swarmctl move"
            if free <= freeSpaceFloor || free < 16 << 20 {
                return NodeCheck("freeSpace", .error, words, remedy: remedy, subject: room.folder)
            }
            guard free - freeSpaceFloor < 1 << 30 else { return nil }
            return NodeCheck("freeSpace", .warning, words, remedy: remedy, subject: room.folder)
        }
        guard troubles.isEmpty else { return troubles }
        guard let least = rooms.min(by: { ($0.freeBytes ?? 0) < ($1.freeBytes ?? 0) }) else {
            return [NodeCheck("freeSpace", .ok, "nothing is kept anywhere")]
        }
        return [
            NodeCheck(
                "freeSpace", .ok, "at least \(Units.size(least.freeBytes ?? 0)) are free (\(least.folder))")
        ]
    }

    fileprivate var torrentChecks: [NodeCheck] {
        let found = explanations.compactMap { infoHash, explanation -> NodeCheck? in
            guard let severity = Self.severity(of: explanation.cause) else { return nil }
            return NodeCheck(
                "torrents", severity, "torrent \(infoHash): \(explanation.summary)",
                remedy: explanation.action, subject: "\(infoHash)")
        }
        guard found.allSatisfy({ $0.severity == .ok }) else { return found }
        let words = explanations.isEmpty ? "" : ": none stands still that should not"
        return [NodeCheck("torrents", .ok, Units.count(explanations.count, "torrent") + words)] + found
    }

    /// Nil where nothing is wrong: what a user wanted is no trouble. A seed that refused a stranger is well, and its
    /// operator may want to know of it.
    private static func severity(of cause: Cause) -> NodeCheck.Severity? {
        switch cause {
        case .nothingWrong, .rateLimit: nil
        case .allRefused(let refused) where refused.isWhole:
            refused.refusals.contains { [.notBound, .tooMany].contains($0.reason) } ? .warning : .ok
        case .paused(let pause): pause.by == .user ? nil : .warning
        case .diskFull, .diskFault, .interfaceDown, .notListening: .error
        default: .warning
        }
    }

    fileprivate var configurationChecks: [NodeCheck] {
        guard let settings else { return [] }
        let file = settings.file ?? "its configuration"
        var troubles = settings.problems.map {
            NodeCheck(
                "configuration", .error, "with \(file) as it is now the node would not start: \($0)",
                remedy: "mend it: swarmctl config check FILE says when it is")
        }
        troubles += settings.warnings.map { NodeCheck("configuration", .warning, $0, remedy: "mend \(file)") }
        // What is wrong is not yet a change.
        if settings.problems.isEmpty {
            troubles += settings.settings.filter(\.isChanged).map {
                NodeCheck(
                    "configuration", .warning, "\($0.key) is not what \(file) says by now",
                    remedy: $0.isLive ? "have it read again: SIGHUP" : "restart the node", subject: $0.key)
            }
        }
        return troubles.isEmpty
            ? [NodeCheck("configuration", .ok, "the node runs with what \(file) says")] : troubles
    }
}

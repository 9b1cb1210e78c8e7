import PrivateTorrent
import TorrentEngine

/// Tells the operator what happens to peers.
struct PeerReporter {
    /// From whose side: what can be done about a refusal differs.
    enum Side {
        case seed, fetch
    }

    let output: Output
    let side: Side
    let isVerbose: Bool
    private var refusals = RefusalThrottle()
    /// Where it was said already that the other side may not list us.
    private var unlisted: Set<PeerEndpoint> = []

    init(output: Output, side: Side, isVerbose: Bool) {
        self.output = output
        self.side = side
        self.isVerbose = isVerbose
    }

    /// Reports events until the engine ends or the task is cancelled.
    ///
    /// - Throws: The storage error that stopped a torrent.
    mutating func report(_ events: EngineEvents) async throws(EngineError) {
        for await event in events { try take(event.kind) }
    }

    mutating func take(_ kind: EngineEvent.Kind) throws(EngineError) {
        switch kind {
        case .peerConnected(let peer, let direction, _):
            unlisted.remove(peer)
            emit(peer, direction, .connected, nil)
            if side == .seed || isVerbose { output.note("connected \(peer)") }
        case .peerDisconnected(let peer, let direction, let reason, _):
            disconnected(peer, direction, reason)
        case .peerRefused(let peer, let direction, let reason, let tries):
            refused(peer, direction, reason, tries)
        case .peerBanned(let peer):
            emit(peer, nil, .banned, "corruptData")
            output.warn("\(peer) sent corrupt data and is not talked to any more")
        case .interfaceDown(let name):
            output.emit(InterfaceEvent(name: name, state: .down))
            output.warn("the interface \(name) went away: nothing is sent until it is back")
        case .interfaceUp(let name):
            output.emit(InterfaceEvent(name: name, state: .up))
            output.note("the interface \(name) is back")
        case .listening(let endpoint):
            output.emit(ListeningEvent(endpoint))
            output.note("listening on \(endpoint)")
        case .gap(let count) where isVerbose:
            output.note("\(count) events were dropped")
        case .storageError(let error):
            throw error
        default:
            break
        }
    }

    private mutating func disconnected(
        _ peer: PeerEndpoint, _ direction: PeerDirection, _ reason: DisconnectReason
    ) {
        emit(peer, direction, .disconnected, reason.rawValue)
        guard reason == .closedBeforeHandshake, direction == .outgoing else {
            if side == .seed || isVerbose { output.note("disconnected \(peer): \(reason.words)") }
            return
        }
        if unlisted.count < 1000, unlisted.insert(peer).inserted {
            output.note("\(peer): \(reason.words)")
        }
    }

    private mutating func refused(
        _ peer: PeerEndpoint, _ direction: PeerDirection, _ reason: RefusalReason, _ tries: UInt64
    ) {
        guard refusals.shows(peer.address, tries: tries) else { return }
        emit(peer, direction, .refused, reason.rawValue, tries: tries)
        output.note(Self.refusalLine(peer, reason, tries, side: side))
    }

    /// What is said of a refusal, with what admits the peer where that is to be had.
    static func refusalLine(
        _ peer: PeerEndpoint, _ reason: RefusalReason, _ tries: UInt64, side: Side
    ) -> String {
        let line = "refused \(peer.address) (\(tries) \(tries == 1 ? "try" : "tries"))"
        switch (reason, side) {
        case (.notAMember, .seed), (.revoked, .seed):
            return "\(line): to admit it, add --allow \(peer.address)"
        case (.notAMember, .fetch), (.revoked, .fetch):
            return "\(line): to admit it, add --peer with its address and port"
        default:
            return "\(line): \(reason.words)"
        }
    }

    private func emit(
        _ peer: PeerEndpoint, _ direction: PeerDirection?, _ state: PeerEvent.State, _ reason: String?,
        tries: UInt64? = nil
    ) {
        output.emit(
            PeerEvent(
                endpoint: peer.description, direction: OrNull(wrappedValue: direction?.rawValue),
                state: state, reason: OrNull(wrappedValue: reason), tries: tries))
    }
}

/// Keeps a stranger who knocks and knocks from filling the log: of each address the first three tries are shown,
/// then each tenth, hundredth and so on, and the first after some quiet.
struct RefusalThrottle {
    private static let addressLimit = 1024
    private static let quiet: Duration = .seconds(30)
    private var shown: [IPAddress: ContinuousClock.Instant] = [:]

    mutating func shows(
        _ address: IPAddress, tries: UInt64, at now: ContinuousClock.Instant = .now
    ) -> Bool {
        let isDue = shown[address].map { now - $0 >= Self.quiet } ?? true
        guard isDue || tries <= 3 || Self.isPowerOfTen(tries) else { return false }
        if shown[address] == nil && shown.count >= Self.addressLimit {
            shown = shown.filter { now - $0.value < Self.quiet }
            // That many at once are an attack: what they are is then of less use than a quiet log.
            guard shown.count < Self.addressLimit else { return false }
        }
        shown[address] = now
        return true
    }

    private static func isPowerOfTen(_ number: UInt64) -> Bool {
        var rest = number
        while rest >= 10, rest.isMultiple(of: 10) { rest /= 10 }
        return rest == 1
    }
}

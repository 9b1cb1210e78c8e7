/// What was seen of a torrent's swarm, as far as it still matters: of each place that a peer was at, its last connection
/// and what came of it. Bounded: who was seen longest ago is forgotten first.
package struct SwarmHistory: Sendable {
    /// Where a peer is. One that dials us comes from another port each time: of it the address counts.
    package struct Place: Sendable, Hashable {
        package let address: IPAddress
        /// Of one that we dial.
        package let port: UInt16?

        package init(_ endpoint: PeerEndpoint, _ direction: PeerDirection) {
            address = endpoint.address
            port = direction == .outgoing ? endpoint.port : nil
        }
    }

    /// How a connection, or the attempt at one, ended.
    package struct End: Sendable, Hashable {
        package let reason: DisconnectReason
        /// In the engine's words.
        package let detail: String
        /// Whether its handshake had been complete.
        package let wasConnected: Bool
        /// Whether its TCP connection had stood.
        package let wasReached: Bool
        package let time: ContinuousClock.Instant
    }

    /// A peer that was seen.
    package struct Seen: Sendable {
        package var endpoint: PeerEndpoint
        package let direction: PeerDirection
        /// The entry that admitted it; nil before its handshake.
        package var member: Member?
        package var lastSeen: ContinuousClock.Instant
        /// When its last handshake was complete; nil where there was none.
        package var lastConnected: ContinuousClock.Instant?
        /// Connections that stand: several, where members share an address.
        package var standing: Set<PeerEndpoint> = []
        /// Of one that we dial: whether the TCP connection stands.
        package var isReached = false
        /// How its last connection, or the attempt at one, ended; nil once a handshake is complete.
        package var end: End?
        package var isBanned = false
        /// Ends of connections that were no success, since the last handshake.
        package var failures = 0
        /// Which pieces it had when that was last looked at.
        package var pieces: [UInt8] = []
        package var lastLook: ContinuousClock.Instant?
    }

    /// A piece that failed its hash.
    package struct HashFailure: Sendable {
        package let piece: Int
        package let time: ContinuousClock.Instant
    }

    /// So many places are remembered.
    package static let capacity = 256
    /// So many failed pieces are.
    package static let hashFailureCapacity = 64
    /// Of so many peers it is remembered which pieces they had: 8 KiB each at most.
    static let piecesCapacity = 64

    package private(set) var peers: [Place: Seen] = [:]
    /// The last ones, the oldest first.
    package private(set) var hashFailures: [HashFailure] = []
    /// When payload was last seen to have come. The engine's rates say so for a minute after the last byte.
    package private(set) var lastReceived: ContinuousClock.Instant?
    private var receivedBytes: UInt64 = 0
    private var lastLook: ContinuousClock.Instant?

    package init() {}

    /// Whether it is time to look at the peers again: which pieces they have is no event.
    mutating func isDue(at now: ContinuousClock.Instant, every interval: Duration) -> Bool {
        guard lastLook.map({ now - $0 >= interval }) ?? true else { return false }
        lastLook = now
        return true
    }

    package mutating func note(_ kind: EngineEvent.Kind, at now: ContinuousClock.Instant = .now) {
        switch kind {
        case .peerStage(let endpoint, let direction, .tcp):
            change(endpoint, direction, now) { $0.isReached = true }
        case .peerConnected(let endpoint, let direction, let member):
            change(endpoint, direction, now) {
                $0.member = member
                $0.lastConnected = now
                $0.standing.insert(endpoint)
                $0.end = nil
                $0.failures = 0
            }
        case .peerDisconnected(let endpoint, let direction, let reason, let detail):
            change(endpoint, direction, now) {
                let wasConnected = $0.standing.remove(endpoint) != nil
                guard $0.standing.isEmpty else { return }
                let wasReached = wasConnected || direction == .incoming || $0.isReached
                $0.isReached = false
                $0.end = End(
                    reason: reason, detail: detail, wasConnected: wasConnected, wasReached: wasReached,
                    time: now)
                if reason != .byUs { $0.failures += 1 }
            }
        case .peerBanned(let endpoint):
            ban(endpoint, now)
        case .hashFailed(let piece):
            hashFailures.append(HashFailure(piece: piece, time: now))
            if hashFailures.count > Self.hashFailureCapacity { hashFailures.removeFirst() }
        default:
            break
        }
    }

    /// Notes how much payload has come so far.
    package mutating func look(receivedBytes: UInt64, at now: ContinuousClock.Instant = .now) {
        guard receivedBytes > self.receivedBytes else { return }
        self.receivedBytes = receivedBytes
        lastReceived = now
    }

    /// Notes which pieces the peers have now.
    package mutating func look(_ snapshots: [PeerSnapshot], at now: ContinuousClock.Instant = .now) {
        for snapshot in snapshots where snapshot.isConnected {
            change(snapshot.endpoint, snapshot.direction, now) {
                $0.member = snapshot.member ?? $0.member
                $0.lastConnected = $0.lastConnected ?? now
                $0.pieces = snapshot.pieces
                $0.lastLook = now
            }
        }
        forgetPieces()
    }

    /// Whoever had that piece when he was last looked at, the latest first.
    package func holders(of piece: Int) -> [Seen] {
        peers.values
            .filter { piece < $0.pieces.count * 8 && isSet($0.pieces, piece) }
            .sorted { ($1.lastLook ?? $1.lastSeen, $0.endpoint) < ($0.lastLook ?? $0.lastSeen, $1.endpoint) }
    }

    /// The engine bans an address with the port that it has a peer at.
    private mutating func ban(_ endpoint: PeerEndpoint, _ now: ContinuousClock.Instant) {
        let places = [PeerDirection.outgoing, .incoming].map { Place(endpoint, $0) }
        let known = places.first { peers[$0] != nil }
        change(endpoint, known == places[1] ? .incoming : .outgoing, now) { $0.isBanned = true }
    }

    private mutating func change(
        _ endpoint: PeerEndpoint, _ direction: PeerDirection, _ now: ContinuousClock.Instant,
        _ body: (inout Seen) -> Void
    ) {
        let place = Place(endpoint, direction)
        var seen = peers[place] ?? Seen(endpoint: endpoint, direction: direction, lastSeen: now)
        seen.endpoint = endpoint
        seen.lastSeen = now
        body(&seen)
        peers[place] = seen
        guard peers.count > Self.capacity,
            let oldest = peers.min(by: {
                ($0.value.lastSeen, $0.value.endpoint) < ($1.value.lastSeen, $1.value.endpoint)
            })
        else { return }
        peers[oldest.key] = nil
    }

    private mutating func forgetPieces() {
        let known = peers.filter { !$0.value.pieces.isEmpty }
        guard known.count > Self.piecesCapacity else { return }
        let byAge = known.sorted {
            ($0.value.lastLook ?? $0.value.lastSeen, $0.value.endpoint)
                < ($1.value.lastLook ?? $1.value.lastSeen, $1.value.endpoint)
        }
        for (place, _) in byAge.prefix(known.count - Self.piecesCapacity) { peers[place]?.pieces = [] }
    }
}

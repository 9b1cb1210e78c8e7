import TorrentEngine

/// Whom an engine talked to and whom it refused, by its own events.
struct PeerTally: Sendable, Equatable {
    /// Connections that got through the handshake, by address.
    private(set) var admitted: [IPAddress: Int] = [:]
    /// Refusals, by address.
    private(set) var refused: [IPAddress: UInt64] = [:]

    /// Counts until the engine is shut down.
    static func count(_ events: EngineEvents) async -> PeerTally {
        var tally = PeerTally()
        for await event in events {
            switch event.kind {
            case .peerConnected(let peer, direction: _, member: _):
                tally.admitted[peer.address, default: 0] += 1
            case .peerRefused(let peer, direction: _, reason: _, tries: let tries):
                tally.refused[peer.address] = max(tries, tally.refused[peer.address] ?? 0)
            default: break
            }
        }
        return tally
    }
}

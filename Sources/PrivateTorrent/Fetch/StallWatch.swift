import TorrentEngine

/// Notices that nothing moves, and knows why, as far as the connections tell. Safe from any thread.
final class StallWatch: Sendable {
    private struct State {
        var lastBytes: UInt64?
        var lastMove = ContinuousClock.now
        var lastSaid = ContinuousClock.now
        var lastStatus: TorrentStatus?
        /// The last thing that went wrong with each peer's connection.
        var troubles: [PeerEndpoint: (reason: DisconnectReason, detail: String)] = [:]
        var isTimeUp = false
    }

    private static let patience = Duration.seconds(30)
    private let state = Locked(State())

    var isTimeUp: Bool { state.withLock { $0.isTimeUp } }

    func timeIsUp() { state.withLock { $0.isTimeUp = true } }

    func note(_ event: EngineEvent.Kind) {
        state.withLock { state in
            switch event {
            case .peerConnected(let peer, _, _): state.troubles[peer] = nil
            case .peerDisconnected(let peer, .outgoing, let reason, let detail):
                state.troubles[peer] = (reason, detail)
            default: break
            }
        }
    }

    /// The stall to report, where nothing has moved for half a minute; again every half minute.
    func look(at status: TorrentStatus) -> FetchUpdate? {
        let now = ContinuousClock.now
        let stalled: Duration? = state.withLock { state in
            state.lastStatus = status
            let bytes = status.receivedBytes + status.verifiedBytes
            if state.lastBytes != bytes {
                state.lastBytes = bytes
                state.lastMove = now
                state.lastSaid = now
                return nil
            }
            guard now - state.lastSaid >= Self.patience else { return nil }
            state.lastSaid = now
            return now - state.lastMove
        }
        guard let stalled else { return nil }
        let (reason, remedy) = diagnosis
        return .stalled(after: stalled, reason: reason, remedy: remedy)
    }

    func timeout(after limit: Duration, of request: FetchRequest) -> EngineError {
        let (reason, remedy) = diagnosis
        return EngineError(
            .timedOut, "fetch \(request.reference.infoHash) within \(limit)", reason: reason, remedy: remedy)
    }

    private var diagnosis: (reason: String, remedy: String?) {
        let (status, troubles) = state.withLock { ($0.lastStatus, $0.troubles) }
        if let status, status.connectedPeers > 0 {
            return status.state == .metadata
                ? ("\(status.connectedPeers) members are connected, and none has sent the metadata", nil)
                : ("\(status.connectedPeers) members are connected, and none sends what is missing", nil)
        }
        guard let (peer, trouble) = troubles.min(by: { $0.key < $1.key }) else {
            return (
                "no member is connected", "check that a member runs, and that its address and port are right"
            )
        }
        switch trouble.reason {
        case .connectionRefused:
            return ("nobody listens at \(peer)", "check that the member runs, and its address and port")
        case .unreachable: return ("there is no way to \(peer): \(trouble.detail)", "check the network")
        case .timedOut: return ("\(peer) does not answer", "check its address, and firewalls between")
        case .closedBeforeHandshake:
            return (
                "\(peer) closed the connection before its handshake: it may not list our address",
                "ask its operator to admit the address that we dial from"
            )
        case .closed, .protocolError, .byUs, .other:
            return ("the connection to \(peer) ended: \(trouble.detail)", nil)
        }
    }
}

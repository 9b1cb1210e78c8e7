/// Tells who of the mesh overlay takes part in a job, as it changes.
///
/// The node supplies this.
public protocol OverlayPeerProvider: Sendable {
    /// The joins and leaves of one job, in order; those who take part already come first, as joins.
    ///
    /// Each call gives a stream of its own for one reader. The stream must not drop an event, because a leave that
    /// is lost leaves a stranger in the swarm. It ends with the job's overlay: every peer that joined through it
    /// counts as having left then. A reader that no longer wants it ends its iteration.
    ///
    /// - Parameter jobID: The job's ID; for one that is not known, the stream ends at once.
    func peerEvents(jobID: String) -> AsyncStream<OverlayPeerEvent>

    /// Where one peer of a job listens, as far as the overlay knows now; empty where it knows nothing.
    ///
    /// Must answer from what is known, without waiting for the network.
    func endpoints(ofPeer peerID: String, inJob jobID: String) async -> [String]
}

extension OverlayPeerProvider {
    /// Reads it from ``peerEvents(jobID:)``: waits for the peer's join for at most a quarter of a second.
    ///
    /// A provider that can look it up does better.
    public func endpoints(ofPeer peerID: String, inJob jobID: String) async -> [String] {
        await withTaskGroup(of: [String]?.self) { group in
            group.addTask {
                for await case .joined(let peer) in peerEvents(jobID: jobID) where peer.peerID == peerID {
                    return peer.endpoints
                }
                return nil
            }
            group.addTask {
                try? await Task.sleep(for: .milliseconds(250))
                return nil
            }
            defer { group.cancelAll() }
            return await group.next().flatMap(\.self) ?? []
        }
    }
}

/// A change in who takes part in a job.
///
/// Later versions may add cases: switch with a default.
public enum OverlayPeerEvent: Sendable, Hashable {
    /// The peer takes part; where it did already, its endpoints are these now and no longer the former ones.
    case joined(OverlayPeer)
    /// The peer with that ID takes part no longer: it is disconnected.
    case left(peerID: String)
}

/// A peer of the mesh overlay and where it can be reached.
///
/// JSON has the properties under their names.
public struct OverlayPeer: Sendable, Hashable, Codable {
    /// The peer's ID, as the overlay's authenticated channel proves it.
    public var peerID: String
    /// Where the peer listens: `10.0.0.1:6881` or `[2001:db8::1]:6881`, no host names.
    public var endpoints: [String]

    /// Makes a peer.
    public init(peerID: String, endpoints: [String]) {
        self.peerID = peerID
        self.endpoints = endpoints
    }
}

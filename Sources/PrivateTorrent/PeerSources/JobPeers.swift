public import NodeInterface
public import TorrentEngine

/// The peers that are named for a job, one by one, by whoever has to say so: a fallback signal that was accepted, or
/// the node's own code. They count as overlay.
///
/// Safe from any thread.
public final class JobPeers: PeerSource {
    private struct State {
        var peers: [String: [String: OverlayPeer]] = [:]
        var readers: [String: [UInt64: AsyncStream<[Member]>.Continuation]] = [:]
        var lastReader: UInt64 = 0

        func members(_ jobID: String) -> [Member] {
            (peers[jobID] ?? [:]).sorted { $0.key < $1.key }.flatMap(\.value.members)
        }

        func tell(_ jobID: String) {
            for reader in (readers[jobID] ?? [:]).values { reader.yield(members(jobID)) }
        }
    }

    private let state = Locked(State())

    /// Makes a source that names nobody yet.
    public init() {}

    /// Makes a peer a member of a job's torrents; what was named for that peer before is replaced.
    public func admit(_ peer: OverlayPeer, to jobID: String) {
        state.withLock { state in
            state.peers[jobID, default: [:]][peer.peerID] = peer
            state.tell(jobID)
        }
    }

    /// Takes a peer away again: it is cut, unless another source names it.
    public func withdraw(peerID: String, from jobID: String) {
        state.withLock { state in
            state.peers[jobID]?[peerID] = nil
            state.tell(jobID)
        }
    }

    /// Forgets all peers of a job that has ended.
    public func forget(jobID: String) {
        state.withLock { state in
            state.peers[jobID] = nil
            state.tell(jobID)
        }
    }

    /// The endpoints of the peers that are named for the job.
    public func members(jobID: String?) -> AsyncStream<[Member]> {
        let (stream, continuation) = AsyncStream.makeStream(
            of: [Member].self, bufferingPolicy: .bufferingNewest(1))
        guard let jobID else {
            continuation.finish()
            return stream
        }
        let reader = state.withLock { state in
            state.lastReader += 1
            state.readers[jobID, default: [:]][state.lastReader] = continuation
            continuation.yield(state.members(jobID))
            return state.lastReader
        }
        continuation.onTermination = { [weak self] _ in
            self?.state.withLock { state in
                state.readers[jobID]?[reader] = nil
                if state.readers[jobID]?.isEmpty == true { state.readers[jobID] = nil }
            }
        }
        return stream
    }
}

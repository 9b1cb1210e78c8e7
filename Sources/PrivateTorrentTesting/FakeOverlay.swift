public import NodeInterface
import TorrentEngine

/// A mesh overlay whose peers join and leave when the test says so.
public final class FakeOverlay: OverlayPeerProvider {
    private struct State {
        /// By job, then by peer.
        var peers: [String: [String: OverlayPeer]] = [:]
        var readers: [String: [Int: AsyncStream<OverlayPeerEvent>.Continuation]] = [:]
        var lastReader = 0
    }

    private let state = Locked(State())

    /// Makes an overlay in which nobody takes part in anything.
    public init() {}

    /// A peer takes part in a job from now on, or has other endpoints from now on.
    public func join(_ peerID: String, at endpoints: [String], job jobID: String) {
        let peer = OverlayPeer(peerID: peerID, endpoints: endpoints)
        tell(.joined(peer), of: jobID) { $0[peerID] = peer }
    }

    /// A peer takes part no longer.
    public func leave(_ peerID: String, job jobID: String) {
        tell(.left(peerID: peerID), of: jobID) { $0[peerID] = nil }
    }

    /// A job's overlay ends, and the streams of it.
    public func end(job jobID: String) {
        let readers = state.withLock { state in
            state.peers[jobID] = nil
            return state.readers.removeValue(forKey: jobID)
        }
        for reader in (readers ?? [:]).values { reader.finish() }
    }

    /// How many read the events of a job.
    public func readerCount(job jobID: String) -> Int { state.withLock { $0.readers[jobID]?.count ?? 0 } }

    /// The joins and leaves of one job; those who take part already come first. A job that nobody joined yet is no
    /// unknown one here: its stream waits.
    public func peerEvents(jobID: String) -> AsyncStream<OverlayPeerEvent> {
        let (stream, continuation) = AsyncStream.makeStream(of: OverlayPeerEvent.self)
        // Yielding does not call out, so order holds under the lock.
        let reader = state.withLock { state in
            for peer in (state.peers[jobID] ?? [:]).values.sorted(by: { $0.peerID < $1.peerID }) {
                continuation.yield(.joined(peer))
            }
            state.lastReader += 1
            state.readers[jobID, default: [:]][state.lastReader] = continuation
            return state.lastReader
        }
        continuation.onTermination = { [weak self] _ in self?.forget(reader, jobID) }
        return stream
    }

    /// Where a peer of a job listens.
    public func endpoints(ofPeer peerID: String, inJob jobID: String) async -> [String] {
        state.withLock { $0.peers[jobID]?[peerID]?.endpoints ?? [] }
    }

    private func tell(
        _ event: OverlayPeerEvent, of jobID: String,
        _ change: @Sendable (inout [String: OverlayPeer]) -> Void
    ) {
        state.withLock { state in
            change(&state.peers[jobID, default: [:]])
            for reader in (state.readers[jobID] ?? [:]).values { reader.yield(event) }
        }
    }

    private func forget(_ reader: Int, _ jobID: String) {
        // The continuation is let go outside the lock.
        _ = state.withLock { $0.readers[jobID]?.removeValue(forKey: reader) }
    }
}

import NodeInterface
import NodeSupport
public import TorrentEngine

extension TorrentStore {
    /// What would go now, and why, by the torrents' retention and ``Options/budgetBytes``; nothing is changed.
    public func retentionPlan() async -> RetentionPlan {
        var active: Set<InfoHash> = []
        for (infoHash, kept) in running {
            guard let peers = try? await kept.torrent.status().connectedPeers, peers > 0 else { continue }
            active.insert(infoHash)
        }
        let now = options.now()
        for infoHash in active { noteNeeded(infoHash, at: now) }
        return RetentionPlan(torrents, active: active, budget: options.budgetBytes, now: now)
    }

    /// Removes what is to go: what has expired from the state directory and the engine, and what there is no room for with
    /// its content. Done by itself every ``Options/saveInterval``.
    ///
    /// - Returns: What went.
    @discardableResult
    public func makeRoom() async -> [RetentionPlan.Removal] {
        guard isRetaining else { return [] }
        var gone: [RetentionPlan.Removal] = []
        for removal in await retentionPlan().removals {
            do throws(EngineError) {
                try await remove(removal.infoHash, deletingFiles: removal.reason == .overBudget)
                gone.append(removal)
                noteRetired(removal.infoHash, removal.reason)
                hub.send(.retired(removal.infoHash, removal.reason))
            } catch {
                hub.send(.saveFailed(removal.infoHash, error))
            }
        }
        return gone
    }

    /// Changes how long a torrent stays.
    public func setRetention(
        of infoHash: InfoHash, _ change: @Sendable (inout TorrentRetention) -> Void
    ) async throws(EngineError) {
        try await update(infoHash) { change(&$0.retention) }
    }

    /// That it went for that reason, of the last 1,024 that did.
    private func noteRetired(_ infoHash: InfoHash, _ reason: RetentionPlan.Reason) {
        if retired.updateValue(reason, forKey: infoHash) == nil { retiredOrder.append(infoHash) }
        if retiredOrder.count > 1024 { retired[retiredOrder.removeFirst()] = nil }
    }

    /// Whether anything can have to go.
    private var isRetaining: Bool {
        options.budgetBytes != nil
            || index.entries.values.contains { $0.retention.expiry != nil || $0.retention.idleLimit != nil }
    }
}

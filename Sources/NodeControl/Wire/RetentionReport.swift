public import PrivateTorrent
public import TorrentEngine

/// What would go from the state directory now, and why: `GET /v1/retention`. Nothing is changed.
public struct RetentionReport: Codable, Sendable, Hashable {
    /// A torrent that would go.
    public struct Removal: Codable, Sendable, Hashable {
        /// The torrent.
        public let infoHash: InfoHash
        /// `expired`, `idle` (both keep the content on disk) or `overBudget` (the content goes with it).
        public let reason: RetentionPlan.Reason
        /// Bytes of content that would go.
        public let freedBytes: UInt64
    }

    /// A torrent that would stay.
    public struct Kept: Codable, Sendable, Hashable {
        /// The torrent.
        public let infoHash: InfoHash
        /// What protects it.
        public let protection: RetentionPlan.Protection
    }

    /// ``ControlSchema/version``.
    public var schemaVersion = ControlSchema.version
    /// In the order in which they would go.
    public let removals: [Removal]
    /// The others, by info-hash.
    public let kept: [Kept]
    /// Bytes of fetched content before anything goes.
    public let usedBytes: UInt64
    /// Bytes above the budget that nothing can be removed for.
    public let excessBytes: UInt64

    init(_ plan: RetentionPlan) {
        removals = plan.removals.map {
            Removal(infoHash: $0.infoHash, reason: $0.reason, freedBytes: $0.freedBytes)
        }
        kept = plan.kept.map { Kept(infoHash: $0.key, protection: $0.value) }
            .sorted { $0.infoHash < $1.infoHash }
        usedBytes = plan.usedBytes
        excessBytes = plan.excessBytes
    }
}

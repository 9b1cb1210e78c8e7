import NodeInterface
public import TorrentEngine

/// What is to go from a state directory, and why; and what stays, and why.
public struct RetentionPlan: Sendable, Hashable {
    /// Why a torrent is to go.
    public enum Reason: String, Sendable, Hashable, Codable, CaseIterable {
        /// Its time is over. Its content stays where it is.
        case expired
        /// No member has been connected for as long as it may be. Its content stays where it is.
        case idle
        /// There is more content than may be. Its content goes with it.
        case overBudget
    }

    /// Why a torrent is not removed to make room.
    public enum Protection: String, Sendable, Hashable, Codable {
        /// It is pinned.
        case pinned
        /// A member is connected.
        case active
        /// It is not whole yet.
        case incomplete
        /// Its content is the user's own, was not fetched, and does not count.
        case ownContent
        /// There is room for it.
        case fits
    }

    /// A torrent that is to go.
    public struct Removal: Sendable, Hashable {
        /// The torrent.
        public let infoHash: InfoHash
        /// Why.
        public let reason: Reason
        /// Bytes of content that go with it.
        public let freedBytes: UInt64
    }

    /// In the order in which they go.
    public var removals: [Removal]
    /// The others.
    public var kept: [InfoHash: Protection]
    /// Bytes of content that were fetched and are kept, before anything goes.
    public var usedBytes: UInt64
    /// Bytes above the budget that nothing can be removed for.
    public var excessBytes: UInt64

    /// What is active is never removed to make room, nor what is pinned; of the rest that is whole, what was needed
    /// longest ago goes first.
    init(_ entries: [TorrentEntry], active: Set<InfoHash>, budget: UInt64?, now: UnixTime) {
        removals = []
        kept = [:]
        var counted: [TorrentEntry] = []
        for entry in entries {
            if let reason = entry.retention.reasonToGo(at: now, isActive: active.contains(entry.infoHash)) {
                removals.append(Removal(infoHash: entry.infoHash, reason: reason, freedBytes: 0))
            } else if entry.role == .fetch {
                counted.append(entry)
            } else {
                kept[entry.infoHash] = .ownContent
            }
        }
        let used = counted.reduce(UInt64(0)) { $0 &+ $1.sizeBytes }
        usedBytes = used
        var excess = budget.map { used - min(used, $0) } ?? 0
        for entry in counted.sorted(by: Self.goesBefore) {
            if let protection = Self.protection(of: entry, active) {
                kept[entry.infoHash] = protection
            } else if excess == 0 {
                kept[entry.infoHash] = .fits
            } else {
                removals.append(
                    Removal(infoHash: entry.infoHash, reason: .overBudget, freedBytes: entry.sizeBytes))
                excess -= min(excess, entry.sizeBytes)
            }
        }
        excessBytes = excess
    }

    private static func protection(of entry: TorrentEntry, _ active: Set<InfoHash>) -> Protection? {
        if entry.retention.isPinned { return .pinned }
        if active.contains(entry.infoHash) { return .active }
        return entry.isComplete ? nil : .incomplete
    }

    private static func goesBefore(_ left: TorrentEntry, _ right: TorrentEntry) -> Bool {
        (left.retention.lastNeeded, left.infoHash) < (right.retention.lastNeeded, right.infoHash)
    }
}

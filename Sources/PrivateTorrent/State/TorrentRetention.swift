public import NodeInterface

/// How long a torrent stays in a state directory.
public struct TorrentRetention: Sendable, Hashable {
    /// Whether it stays whatever happens: it is neither removed to make room nor expires.
    public var isPinned: Bool
    /// When it is to go; nil for never.
    public var expiry: UnixTime?
    /// How long after a member was last connected it is to go, in whole seconds; nil for never.
    public var idleLimit: Duration?
    /// When a member was last connected, or else when it was added or taken up by hand.
    public var lastNeeded: UnixTime

    /// Makes a retention of a torrent that stays until somebody removes it.
    public init(
        isPinned: Bool = false, expiry: UnixTime? = nil, idleLimit: Duration? = nil, lastNeeded: UnixTime
    ) {
        self.isPinned = isPinned
        self.expiry = expiry
        self.idleLimit = idleLimit
        self.lastNeeded = lastNeeded
    }

    /// Why it is to go at that time; nil where it is to stay.
    func reasonToGo(at now: UnixTime, isActive: Bool) -> RetentionPlan.Reason? {
        guard !isPinned else { return nil }
        if let expiry, now >= expiry { return .expired }
        if let idleLimit, !isActive, now.since(lastNeeded) >= idleLimit { return .idle }
        return nil
    }
}

import CLibtorrent

#if canImport(Glibc)
    import Glibc
#endif

/// Who was turned away, at one moment: how often for each reason, and the last ones one by one.
public struct Refusals: Sendable, Hashable {
    /// How many tries were refused for each reason since the engine started. A reason that never came up is absent.
    public var totals: [RefusalReason: UInt64]
    /// The last addresses that were refused, the most recent first: at most 1,024 strangers, and apart from them at
    /// most 1,024 members of other torrents and former members, so that a flood of strangers hides nobody.
    public var latest: [RefusedPeer]
    /// How often an address was dropped from ``latest`` to make room; ``totals`` keep its tries.
    public var forgotten: UInt64
}

/// An address that one torrent, or the engine before a torrent was named, refused.
public struct RefusedPeer: Sendable, Hashable {
    /// Where it came from at its last try, or where the refused dial would have gone.
    public var endpoint: PeerEndpoint
    /// The torrent concerned, which may be gone; nil where the peer was refused before it named one.
    public var torrent: Torrent.ID?
    /// Who dialled whom at the last try.
    public var direction: PeerDirection
    /// Why, at the last try.
    public var reason: RefusalReason
    /// How often, since it was last dropped from the list.
    public var tries: UInt64
    /// How long before the snapshot the first of these tries was.
    public var sinceFirst: Duration
    /// How long before the snapshot the last try was.
    public var sinceLast: Duration
    /// What it had been, where it was a member and was withdrawn lately: the last 64 withdrawals are remembered.
    public var formerMember: FormerMember? = nil
}

extension Engine {
    /// Who was refused so far. With ``EngineConfiguration/isStealthy`` the kernel turns strangers away, and they are
    /// not in here.
    ///
    /// - Throws: `.shutDown`.
    public func refusals() throws(EngineError) -> Refusals {
        let handle = try liveHandle("list the refusals")
        var snapshot: OpaquePointer?
        try nativeCall("list the refusals") { clt_engine_get_refusals(handle, &snapshot, $0) }
        defer { clt_refusals_free(snapshot) }
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        let now = Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
        var count = 0
        let first = clt_refusals_data(snapshot, &count)
        var refusals = Refusals(
            totals: [:],
            latest: UnsafeBufferPointer(start: first, count: count).compactMap { RefusedPeer($0, now: now) },
            forgotten: clt_refusals_forgotten(snapshot))
        for index in refusals.latest.indices {
            let peer = refusals.latest[index]
            guard [.notAMember, .notOfThisTorrent, .revoked].contains(peer.reason) else { continue }
            refusals.latest[index].formerMember = formerMembers.last(
                at: peer.endpoint.address, of: peer.torrent)
        }
        for native in UInt32(1)..<16 {
            let total = clt_refusals_total(snapshot, native)
            if total > 0 { refusals.totals[RefusalReason(native: Int64(native)), default: 0] += total }
        }
        return refusals
    }
}

extension RefusedPeer {
    init?(_ native: clt_refused, now: Int64) {
        guard let endpoint = PeerEndpoint(native.endpoint) else { return nil }
        self.init(
            endpoint: endpoint, torrent: native.torrent == 0 ? nil : Torrent.ID(raw: native.torrent),
            direction: native.direction == CLT_OUTGOING.rawValue ? .outgoing : .incoming,
            reason: RefusalReason(native: Int64(native.reason)), tries: native.tries,
            sinceFirst: .nanoseconds(max(0, now - native.first_time_ns)),
            sinceLast: .nanoseconds(max(0, now - native.last_time_ns)))
    }
}

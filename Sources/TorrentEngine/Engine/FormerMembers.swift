/// An entry that admitted somebody to a torrent, until it was withdrawn.
public struct FormerMember: Sendable, Hashable {
    /// The entry.
    public var member: Member
    /// The torrent, which may be gone.
    public var torrent: Torrent.ID
    /// How long ago it was withdrawn.
    public var sinceWithdrawn: Duration
}

/// The entries that were withdrawn last, of all torrents: whoever is refused after it was one of them is no stranger.
/// Bounded, and forgotten with the engine.
struct FormerMembers {
    private struct Withdrawal {
        let member: Member
        let torrent: Torrent.ID
        let time: ContinuousClock.Instant
    }

    /// So many are remembered.
    static let capacity = 64

    /// The latest last.
    private var withdrawals: [Withdrawal] = []

    /// Notes who is no member any more, or is one again. A rule that came from elsewhere before is the same rule.
    mutating func note(
        _ before: [Member], _ after: [Member], of torrent: Torrent.ID, at now: ContinuousClock.Instant = .now
    ) {
        let kept = Set(after.map(\.rule))
        withdrawals.removeAll { $0.torrent == torrent && kept.contains($0.member.rule) }
        for member in before where !kept.contains(member.rule) {
            withdrawals.append(Withdrawal(member: member, torrent: torrent, time: now))
        }
        withdrawals.removeFirst(max(0, withdrawals.count - Self.capacity))
    }

    /// What that address was last, of that torrent or of any.
    func last(
        at address: IPAddress, of torrent: Torrent.ID?, now: ContinuousClock.Instant = .now
    ) -> FormerMember? {
        withdrawals.last { $0.member.rule.contains(address) && (torrent ?? $0.torrent) == $0.torrent }.map {
            FormerMember(member: $0.member, torrent: $0.torrent, sinceWithdrawn: max(.zero, now - $0.time))
        }
    }
}

public import TorrentEngine

/// What somebody who was refused had been: the entry that admitted it until it was withdrawn.
public struct FormerMemberReport: Sendable, Hashable, Codable {
    /// The rule, as text.
    public var rule: String
    /// Whose address that was, as policy knew it.
    public var identity: String?
    /// When it was withdrawn, in seconds before now.
    public var withdrawnSecondsAgo: Double

    /// Of a snapshot's.
    public init(_ former: FormerMember) {
        rule = former.member.rule.description
        identity = former.member.peerID
        withdrawnSecondsAgo = max(0, former.sinceWithdrawn / .seconds(1))
    }
}

extension FormerMemberReport {
    /// Why it is refused, for people.
    package var words: String { "it is no member any more: withdrawn \(Units.ago(withdrawnSecondsAgo))" }
}

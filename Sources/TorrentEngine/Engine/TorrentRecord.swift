/// What the engine's actor remembers of a torrent between events.
struct TorrentRecord {
    /// Points in a torrent's life that can be waited for.
    enum Milestone: Sendable, Hashable {
        case metadata, checked, finished
    }

    let infoHash: InfoHash
    var state: TorrentState
    var heldMetadata: [UInt8]?
    var reached: Set<Milestone> = []
    /// Who may be in its swarm now.
    var members: [Member] = []
    /// Its own limits.
    var limits = RateLimits()
    var rateClass: RateClass?
    var history = SwarmHistory()
    var failure: EngineError?
    var waiters: [UInt64: Milestone] = [:]
    /// Whether it was added with a message channel.
    var speaksMessages = false
    /// Reads of pieces that the shim has not answered yet.
    var reads: Set<UInt64> = []
    /// Steps of a move that the shim has not answered yet.
    var moves: Set<UInt64> = []
    /// The numbers that the shim knows members by. Never reused, so that a peer that a former entry admitted is
    /// still attributed to it.
    var membersByRule: [UInt64: Member] = [:]
    var rulesByMember: [Member: UInt64] = [:]

    init(_ infoHash: InfoHash, state: TorrentState) {
        self.infoHash = infoHash
        self.state = state
    }

    mutating func rule(for member: Member) -> UInt64 {
        if let rule = rulesByMember[member] { return rule }
        let rule = UInt64(membersByRule.count + 1)
        membersByRule[rule] = member
        rulesByMember[member] = rule
        return rule
    }
}

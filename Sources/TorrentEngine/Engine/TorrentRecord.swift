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
    private(set) var members: [Member] = []
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
    /// still attributed to it. Of former entries the last ones are remembered.
    private(set) var membersByRule: [UInt64: Member] = [:]
    private var rulesByMember: [Member: UInt64] = [:]
    private var lastRule: UInt64 = 0
    static let formerCapacity = 4096

    init(_ infoHash: InfoHash, state: TorrentState) {
        self.infoHash = infoHash
        self.state = state
    }

    mutating func rule(for member: Member) -> UInt64 {
        if let rule = rulesByMember[member] { return rule }
        lastRule += 1
        membersByRule[lastRule] = member
        rulesByMember[member] = lastRule
        return lastRule
    }

    mutating func setMembers(_ members: [Member]) {
        self.members = members
        // Not one by one: that would sort them each time.
        guard membersByRule.count > members.count + 2 * Self.formerCapacity else { return }
        let current = Set(members)
        let former = membersByRule.filter { !current.contains($0.value) }.keys.sorted()
        for rule in former.dropLast(Self.formerCapacity) {
            if let member = membersByRule.removeValue(forKey: rule) { rulesByMember[member] = nil }
        }
    }
}

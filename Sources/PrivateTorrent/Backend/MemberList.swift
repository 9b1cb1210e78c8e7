import NodeInterface
import TorrentEngine

/// The members of a torrent: what every source names, as far as the options allow that source.
struct MemberList: Sendable {
    private var options: PrivateModeOptions
    private var invites: [Member]
    /// From the job, by who asked for the torrent.
    private(set) var named: [String: [Member]] = [:]
    /// From the sources, by their place.
    private var sources: [Int: [Member]] = [:]

    /// Nobody, and nobody is invited.
    init() {
        options = PrivateModeOptions()
        invites = []
    }

    init(_ options: PrivateModeOptions?) throws(BackendError) {
        // Without a private mode only the filter of candidates is off: the engine is private all the same.
        self.options = options ?? PrivateModeOptions()
        invites = try self.options.inviteRules().rules.map { Member($0, source: .inviteList) }
    }

    /// Each once, by its rule: a member that two sources name stays until neither does. Where sources know whose address
    /// it is, once for each ID: an address that several share proves none of them.
    var members: [Member] {
        let all =
            invites + named.sorted { $0.key < $1.key }.flatMap(\.value)
            + sources.sorted { $0.key < $1.key }.flatMap(\.value)
        var order: [AddressRule] = []
        var byRule: [AddressRule: [Member]] = [:]
        for member in all where allows(member.source) {
            if byRule[member.rule] == nil { order.append(member.rule) }
            byRule[member.rule, default: []].append(member)
        }
        return order.flatMap { rule in
            let entries = byRule[rule] ?? []
            let peerIDs = Set(entries.compactMap(\.peerID)).sorted()
            guard let first = entries.first, !peerIDs.isEmpty else { return Array(entries.prefix(1)) }
            return peerIDs.map { Member(rule, source: first.source, peerID: $0) }
        }
    }

    mutating func set(_ options: PrivateModeOptions?) throws(BackendError) {
        let new = try MemberList(options)
        self.options = new.options
        invites = new.invites
    }

    mutating func set(_ members: [Member], ofSource index: Int) { sources[index] = members }

    mutating func set(_ sources: [SwarmSource], namedFor holder: String) {
        named[holder] = sources.compactMap(Self.member)
    }

    mutating func set(_ members: [Member], namedFor holder: String) { named[holder] = members }

    func members(namedFor holder: String) -> [Member] { named[holder] ?? [] }

    mutating func forget(holder: String) { named[holder] = nil }

    private func allows(_ source: Member.Source) -> Bool {
        switch source {
        case .overlay: options.allowedPeerSources.allowsOverlay
        default: options.allowedPeerSources.allowsInviteList
        }
    }

    private static func member(_ source: SwarmSource) -> Member? {
        guard let address = source.address.flatMap({ try? IPAddress(parsing: $0) }), let port = source.port,
            let endpoint = try? PeerEndpoint(address: address, port: port),
            let rule = try? AddressRule(endpoint)
        else { return nil }
        return Member(rule, source: .overlay, overlayID: source.peerID)
    }
}

extension Member {
    /// A member whose ID the overlay knows; one that is too long for a signal's sender counts as none.
    init(_ rule: AddressRule, source: Source, overlayID: String) {
        self.init(rule, source: source, peerID: 1...64 ~= overlayID.utf8.count ? overlayID : nil)
    }
}

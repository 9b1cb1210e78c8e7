/// Who may be in a torrent's swarm: a rule, and where it came from.
public struct Member: Sendable, Hashable {
    /// Where a member came from.
    public struct Source: Sendable, Hashable, CustomStringConvertible {
        let raw: UInt32
        /// A stable word for the source.
        public let description: String

        /// The operator's or user's own list of addresses.
        public static let inviteList = Source(raw: 1, description: "inviteList")
        /// The node's mesh overlay, or a fallback signal that came through it.
        public static let overlay = Source(raw: 2, description: "overlay")
        /// The addresses that an invite names.
        public static let invite = Source(raw: 3, description: "invite")
    }

    /// Which addresses it covers. Its port, where it has one, binds only our own dials: a peer that dials us comes
    /// from any port.
    public let rule: AddressRule
    /// Where it came from.
    public let source: Source
    /// Whose address that is, as policy knows it; at most 64 bytes. Nil: nobody may send signals from there, unless
    /// another entry says whose it is (``PeerMessage``).
    public let peerID: String?

    /// Makes a member.
    public init(_ rule: AddressRule, source: Source, peerID: String? = nil) {
        self.rule = rule
        self.source = source
        self.peerID = peerID
    }

    /// The endpoint to dial, where the rule names one.
    public var endpoint: PeerEndpoint? {
        guard let port = rule.port else { return nil }
        return try? PeerEndpoint(address: rule.firstAddress, port: port)
    }
}

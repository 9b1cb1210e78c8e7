import TorrentEngine

/// Who may be in a swarm.
public struct MemberEntry: Codable, Sendable, Hashable {
    /// An address, a block, or an address with the port where it may be dialled: `10.0.0.1:6881`.
    public let rule: String
    /// Where the member came from: `inviteList`, `overlay` or `invite`. What is added here is `inviteList`.
    public let source: String
    /// Whose address it is, as policy knows it.
    public let peerID: String?

    init(_ member: Member) {
        rule = member.rule.description
        source = member.source.description
        peerID = member.peerID
    }
}

/// Members by their rules: the body of `POST` and `PUT …/members`.
public struct MembersRequest: Codable, Sendable, Hashable {
    /// One rule each: `10.0.0.1`, `10.0.0.0/24`, `10.0.0.1:6881`, `[2001:db8::1]:6881`.
    public var members: [String]

    /// Makes a request.
    public init(members: [String]) { self.members = members }
}

/// `GET …/members`, and the answer to what changes them.
public struct MemberList: Codable, Sendable, Hashable {
    /// ``ControlSchema/version``.
    public var schemaVersion = ControlSchema.version
    /// Who may be in the swarm.
    public let members: [MemberEntry]
}

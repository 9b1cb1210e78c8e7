public import PrivateTorrent
public import TorrentEngine

/// `GET /v1/torrents/{infoHash}/peers`.
public struct PeerList: Codable, Sendable, Hashable {
    /// ``ControlSchema/version``.
    public var schemaVersion = ControlSchema.version
    /// Its peers.
    public let peers: [PeerReport]
}

/// An address that was refused.
public struct RefusedEntry: Codable, Sendable, Hashable {
    /// Where it came from at its last try, or where the refused dial would have gone.
    public let endpoint: PeerEndpoint
    /// The torrent; nil where it named none, or one that is gone.
    public let infoHash: InfoHash?
    /// Who dialled whom at the last try.
    public let direction: PeerDirection
    /// Why, at the last try.
    public let reason: RefusalReason
    /// How often.
    public let tries: UInt64
    /// How long ago the first of these tries was, in seconds.
    public let firstSecondsAgo: Double
    /// How long ago the last try was, in seconds.
    public let lastSecondsAgo: Double
    /// What it was until it was withdrawn; nil where it was no member, or that is too long ago.
    public let formerMember: FormerMemberReport?
}

/// `GET /v1/refusals`.
public struct RefusalReport: Codable, Sendable, Hashable {
    /// ``ControlSchema/version``.
    public var schemaVersion = ControlSchema.version
    /// Tries that were refused since the engine started, by reason.
    public let totals: [String: UInt64]
    /// The last addresses that were refused, the most recent first; at most 2,048.
    public let denied: [RefusedEntry]
    /// How often an address was dropped from `denied` to make room.
    public let forgotten: UInt64
}

public import TorrentEngine

/// A peer of a torrent at one moment.
public struct PeerEntry: Codable, Sendable, Hashable {
    /// Where it is: for an incoming peer, with the port that it dialled from.
    public let endpoint: PeerEndpoint
    /// Who dialled whom.
    public let direction: PeerDirection
    /// The entry that admitted it; nil where it has gone meanwhile.
    public let member: MemberEntry?
    /// Whether both handshakes are done.
    public let isConnected: Bool
    /// We want pieces that it has.
    public let isInteresting: Bool
    /// We choke it.
    public let isChoked: Bool
    /// It wants pieces that we have.
    public let isRemoteInterested: Bool
    /// It chokes us.
    public let isRemoteChoking: Bool
    /// It has every piece.
    public let isSeed: Bool
    /// Whether the connection began with an MSE handshake.
    public let isObfuscated: Bool
    /// Payload from it, bytes a second.
    public let downloadRate: UInt64
    /// Payload to it, bytes a second.
    public let uploadRate: UInt64
    /// Payload from it in all, in bytes.
    public let downloadedBytes: UInt64
    /// Payload to it in all, in bytes.
    public let uploadedBytes: UInt64
    /// How many pieces it has.
    public let pieceCount: Int
    /// What it calls itself: untrusted text.
    public let client: String

    init(_ peer: PeerSnapshot) {
        endpoint = peer.endpoint
        direction = peer.direction
        member = peer.member.map(MemberEntry.init)
        isConnected = peer.isConnected
        isInteresting = peer.isInteresting
        isChoked = peer.isChoked
        isRemoteInterested = peer.isRemoteInterested
        isRemoteChoking = peer.isRemoteChoking
        isSeed = peer.isSeed
        isObfuscated = peer.isObfuscated
        downloadRate = peer.downloadRate
        uploadRate = peer.uploadRate
        downloadedBytes = peer.downloadedBytes
        uploadedBytes = peer.uploadedBytes
        pieceCount = peer.pieceCount
        client = peer.client
    }
}

/// `GET /v1/torrents/{infoHash}/peers`.
public struct PeerList: Codable, Sendable, Hashable {
    /// ``ControlSchema/version``.
    public var schemaVersion = ControlSchema.version
    /// Its peers.
    public let peers: [PeerEntry]
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

/// That a torrent speaks the extension `slskdn` (BEP 10) with its members.
public struct MessageChannel: Sendable, Hashable {
    /// Who we are, said to every member in the extension handshake; at most 64 bytes. Nil: nothing is said; signals can
    /// then be received, and not sent.
    public var peerID: String?

    /// Makes a channel.
    public init(peerID: String? = nil) { self.peerID = peerID }
}

/// A signal that a member sent over its connection.
///
/// ``peerID`` is proven as far as an address proves anything: the connection claimed it in its first extension
/// handshake, and it is the one ID that the torrent's members give to that address. What fails this is dropped in the
/// shim, and counted (``MessageCounters``).
public struct PeerMessage: Sendable, Hashable {
    /// The torrent over whose connection it came.
    public var torrent: Torrent.ID
    /// The connection's other end.
    public var endpoint: PeerEndpoint
    /// The member entry that admitted it.
    public var member: Member?
    /// Who sent it.
    public var peerID: String
    /// The body, at most 65,536 bytes; untrusted.
    public var body: [UInt8]
}

/// Whom a message is for.
public enum MessageRecipient: Sendable, Hashable {
    /// Whoever is at the other end of that connection.
    case endpoint(PeerEndpoint)
    /// A connection that has proven to be that peer's.
    case peer(String)
}

/// What became of a message that was to be sent.
public enum SendOutcome: String, Sendable, Hashable, Codable {
    /// It is in the connection's send buffer. Nothing says that it arrived.
    case sent
    /// No connection to that peer, or none that speaks `slskdn`.
    case noSession
    /// The peer does not read as fast as we send: try later, or another way.
    case wouldBlock
}

/// What became of a torrent's messages so far, over all of its connections.
public struct MessageCounters: Sendable, Hashable, Codable {
    /// Put into a send buffer.
    public var sent: UInt64 = 0
    /// Received and handed up.
    public var received: UInt64 = 0
    /// Dropped: of a kind that is reserved or not known.
    public var unknownKind: UInt64 = 0
    /// Dropped: without a kind.
    public var malformed: UInt64 = 0
    /// Dropped: a body above 65,536 bytes.
    public var oversize: UInt64 = 0
    /// Dropped: the connection claimed no ID, or its address has none of its own.
    public var noIdentity: UInt64 = 0
    /// Dropped: the connection claimed another ID than its address has.
    public var wrongIdentity: UInt64 = 0
    /// Dropped: more messages or bytes than a peer may send in a second.
    public var overBudget: UInt64 = 0
    /// Dropped: more waited than the engine's queue holds.
    public var queueFull: UInt64 = 0
    /// Extension handshakes after a connection's first that claimed another ID; they were ignored.
    public var secondClaims: UInt64 = 0
    /// Connections that were cut because so much of theirs was dropped.
    public var cut: UInt64 = 0
}

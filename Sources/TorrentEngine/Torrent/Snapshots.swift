/// A torrent at one moment.
public struct TorrentStatus: Sendable, Hashable {
    /// What it is doing.
    public var state: TorrentState
    /// Whether it was started (and not stopped since).
    public var isStarted: Bool
    /// Whether its files are being moved (``Torrent/move(to:saving:)``) or one renamed: it stands still, also where it is started, and
    /// ``state`` is what it was before.
    public var isMoving: Bool
    /// Peers that are connected.
    public var connectedPeers: Int
    /// Bytes of content; 0 before the metadata is there.
    public var contentBytes: UInt64
    /// Bytes in pieces that passed their hash.
    public var verifiedBytes: UInt64
    /// Bytes that were found good on disk when it was checked.
    public var reusedBytes: UInt64
    /// Payload received in this run, whatever became of it, in bytes.
    public var receivedBytes: UInt64
    /// Of ``receivedBytes``, those that failed their hash or came twice.
    public var wastedBytes: UInt64
    /// Payload sent in this run, in bytes.
    public var uploadedBytes: UInt64
    /// Payload received, bytes a second.
    public var downloadRate: UInt64
    /// Payload sent, bytes a second.
    public var uploadRate: UInt64
    /// Pieces in all; 0 before the metadata is there.
    public var pieceCount: Int
    /// Bytes in a piece, but for the last; 0 before the metadata is there.
    public var pieceLengthBytes: UInt64
    /// Pieces that passed their hash.
    public var verifiedPieces: Int
    /// Bytes in pieces that are wanted, those of other files in the same piece too; all of the content unless files were
    /// chosen.
    public var wantedBytes: UInt64
    /// Of ``wantedBytes``, those in pieces that passed their hash.
    public var wantedVerifiedBytes: UInt64
}

/// A file of a torrent at one moment.
public struct FileSnapshot: Sendable, Hashable {
    /// Where it stands below the save folder: '/'-separated, begins with the torrent's name.
    public var path: String
    /// Its size in bytes.
    public var sizeBytes: UInt64
    /// Of those, bytes in pieces that passed their hash.
    public var verifiedBytes: UInt64
    /// How much it is wanted: 0 for not at all, up to 7.
    public var priority: UInt8
    /// Whether it is filler between files (BEP 47), and never made.
    public var isPad: Bool
}

/// A peer of a torrent at one moment.
public struct PeerSnapshot: Sendable, Hashable {
    /// Where it is: for an incoming peer, with the port that it dialled from.
    public var endpoint: PeerEndpoint
    /// Who dialled whom.
    public var direction: PeerDirection
    /// The member entry that admitted it.
    public var member: Member?
    /// Whether the connection stands and both handshakes are done.
    public var isConnected: Bool
    /// Whether we dial it, and the TCP connection does not stand yet.
    public var isDialling: Bool
    /// We want pieces that it has.
    public var isInteresting: Bool
    /// We choke it.
    public var isChoked: Bool
    /// It wants pieces that we have.
    public var isRemoteInterested: Bool
    /// It chokes us.
    public var isRemoteChoking: Bool
    /// It has every piece.
    public var isSeed: Bool
    /// Whether the connection began with an MSE handshake.
    public var isObfuscated: Bool
    /// Payload from it, bytes a second.
    public var downloadRate: UInt64
    /// Payload to it, bytes a second.
    public var uploadRate: UInt64
    /// Payload from it in all, in bytes.
    public var downloadedBytes: UInt64
    /// Payload to it in all, in bytes.
    public var uploadedBytes: UInt64
    /// Whether what it sends waits for a rate limit of ours.
    public var isDownloadLimited: Bool
    /// Whether what we send it waits for a rate limit of ours.
    public var isUploadLimited: Bool
    /// How many pieces it has.
    public var pieceCount: Int
    /// Which pieces it has: a bit each, the first piece in the highest bit of the first byte; empty where that is not
    /// known.
    public var pieces: [UInt8]
    /// What it calls itself: untrusted text, to be shown as text only.
    public var client: String
}

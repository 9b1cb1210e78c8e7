public import NodeInterface
public import TorrentEngine

/// A torrent of a node at one moment.
public struct TorrentReport: Codable, Sendable, Hashable {
    /// What it is doing. A later version may add words.
    public enum State: String, Codable, Sendable, Hashable {
        /// Paused by hand.
        case paused
        /// On its way into the engine, or content on disk is looked at.
        case checking
        /// Waits for the info dictionary from a member (BEP 9).
        case metadata
        /// Lacks pieces that are wanted.
        case downloading
        /// Has every piece that is wanted, and not every piece.
        case finished
        /// Has every piece.
        case seeding
        /// An error stopped it: ``TorrentReport/lastError``.
        case failed
    }

    /// The v1 info-hash. Whoever knows it and is a member can have the content.
    public let infoHash: InfoHash
    /// The name of its file or folder; before the metadata is known what its invite calls it, or nil.
    /// Untrusted text.
    public let name: String?
    /// What it is doing.
    public let state: State
    /// `seed` (the user's own content), `fetch`, or `unknown` after the index was lost.
    public let role: String
    /// The folder that holds its file or folder; nil where it is not known.
    public let folder: String?
    /// Bytes of content; 0 before the metadata is known.
    public let sizeBytes: UInt64
    /// Bytes in pieces that are wanted.
    public let wantedBytes: UInt64
    /// Of those, bytes in pieces that passed their hash.
    public let verifiedBytes: UInt64
    /// `verifiedBytes` of `wantedBytes`, 0…1.
    public let progress: Double
    /// Payload received, bytes a second.
    public let downloadRate: UInt64
    /// Payload sent, bytes a second.
    public let uploadRate: UInt64
    /// Payload received in this run, in bytes.
    public let receivedBytes: UInt64
    /// Payload sent in this run, in bytes.
    public let uploadedBytes: UInt64
    /// Of what was received, bytes that failed their hash or came twice.
    public let wastedBytes: UInt64
    /// Peers that are connected.
    public let connectedPeers: Int
    /// Who may be in the swarm.
    public let members: [MemberEntry]
    /// Its own limits.
    public let limits: TorrentLimits
    /// The job that it is the fallback of; nil where it belongs to none.
    public let job: String?
    /// When it was first added.
    public let addedTime: UnixTime
    /// What last stopped it, or kept it from being taken up or saved; nil where nothing did since it last went well.
    public let lastError: ErrorReport?
}

/// Limits of one torrent, bytes a second; 0 for none. Also the body of `PUT …/limits`.
public struct TorrentLimits: Codable, Sendable, Hashable {
    /// To peers.
    public var upload: UInt32
    /// From peers.
    public var download: UInt32

    /// Makes limits; without an argument, none.
    public init(upload: UInt32 = 0, download: UInt32 = 0) {
        self.upload = upload
        self.download = download
    }
}

/// `GET /v1/torrents`.
public struct TorrentList: Codable, Sendable, Hashable {
    /// ``ControlSchema/version``.
    public var schemaVersion = ControlSchema.version
    /// Every torrent that is kept, by info-hash.
    public let torrents: [TorrentReport]
}

/// `GET /v1/torrents/{infoHash}`, and the answer to what changes one.
public struct TorrentAnswer: Codable, Sendable, Hashable {
    /// ``ControlSchema/version``.
    public var schemaVersion = ControlSchema.version
    /// The torrent.
    public let torrent: TorrentReport
}

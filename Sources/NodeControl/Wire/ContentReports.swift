import TorrentEngine

/// `GET /v1/torrents/{infoHash}/pieces`.
public struct PieceMap: Codable, Sendable, Hashable {
    /// ``ControlSchema/version``.
    public var schemaVersion = ControlSchema.version
    /// Pieces in all.
    public let pieceCount: Int
    /// Pieces that passed their hash.
    public let verifiedPieces: Int
    /// A bit for each piece, the first in the highest bit of the first byte (BEP 3), in base64 (RFC 4648 §4).
    public let bitfield: String
}

/// A file of a torrent at one moment.
public struct FileEntry: Codable, Sendable, Hashable {
    /// Where it stands below the folder; begins with the torrent's name. Untrusted text.
    public let path: String
    /// Its size in bytes.
    public let sizeBytes: UInt64
    /// Of those, bytes in pieces that passed their hash.
    public let verifiedBytes: UInt64
    /// How much it is wanted: 0 for not at all, up to 7.
    public let priority: UInt8
    /// Whether it is filler between files (BEP 47), and never made.
    public let isPad: Bool
}

/// `GET /v1/torrents/{infoHash}/files`.
public struct FileList: Codable, Sendable, Hashable {
    /// ``ControlSchema/version``.
    public var schemaVersion = ControlSchema.version
    /// Its files in order, pad files too.
    public let files: [FileEntry]
}

/// What `POST …/verify` found.
public struct VerificationReport: Codable, Sendable, Hashable {
    /// A file that is not as the torrent says.
    public struct BadFile: Codable, Sendable, Hashable {
        /// Where it stands below the folder. Untrusted text.
        public let path: String
        /// `missing`, `short`, `long`, `changed`, `mismatch` or `unreadable`.
        public let reason: String
        /// Its pieces that did not verify, at most 1,000 of them.
        public let pieces: [Int]
    }

    /// ``ControlSchema/version``.
    public var schemaVersion = ControlSchema.version
    /// Pieces in all.
    public let pieceCount: Int
    /// Pieces on disk that are right.
    public let verifiedPieces: Int
    /// Bytes of content in those.
    public let verifiedBytes: UInt64
    /// The files that are not as the torrent says, at most 1,000 of them.
    public let badFiles: [BadFile]
}

/// What was left on disk by a move or a removal.
public struct LeftFiles: Codable, Sendable, Hashable {
    /// A file that stands where it stood.
    public struct Entry: Codable, Sendable, Hashable {
        /// Where it is.
        public let path: String
        /// Why.
        public let error: ErrorReport
    }

    /// ``ControlSchema/version``.
    public var schemaVersion = ControlSchema.version
    /// The files.
    public let left: [Entry]

    init(_ files: [LeftFile]) {
        left = files.map { Entry(path: $0.path, error: ErrorReport($0.error)) }
    }
}

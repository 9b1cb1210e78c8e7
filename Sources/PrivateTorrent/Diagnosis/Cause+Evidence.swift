public import TorrentEngine

// What each cause rests on.
extension Cause {
    /// Of ``Cause/paused(_:)``.
    public struct Pause: Sendable, Hashable, Codable {
        /// By whom.
        public enum By: String, Sendable, Hashable, Codable {
            /// The user, through the store: it stays so after a restart.
            case user
            /// The program, with `Torrent.stop()`.
            case program
            /// The store, whose rules of retention removed it.
            case retention
            /// Nobody: the store has it, and it was not taken up.
            case notTakenUp
        }

        /// By whom.
        public var by: By
        /// Which rule of retention.
        public var retention: RetentionPlan.Reason?
    }

    /// Of ``Cause/diskFull(_:)`` and ``Cause/diskFault(_:)``.
    public struct DiskFault: Sendable, Hashable, Codable {
        /// The file.
        public var path: String?
        /// The code of the ``TorrentEngine/EngineError``.
        public var code: String
        /// In words.
        public var reason: String
        /// What to do.
        public var remedy: String?
        /// `errno`; nil where no system call failed.
        public var systemErrno: Int32?
        /// Whether there is room, and the floor of free space keeps it.
        public var isFreeSpaceFloor: Bool
    }

    /// Of ``Cause/interfaceDown(_:)``.
    public struct InterfaceDown: Sendable, Hashable, Codable {
        /// Which.
        public var interfaces: [String]
    }

    /// Of ``Cause/notListening(_:)``.
    public struct NotListening: Sendable, Hashable, Codable {
        /// Where it was told to listen; empty where nowhere.
        public var wanted: [String]
        /// Why it does not.
        public var failures: [String]
    }

    /// Somebody whom we refused.
    public struct Refusal: Sendable, Hashable, Codable {
        /// Where it came from at its last try, or where the refused dial would have gone.
        public var endpoint: PeerEndpoint
        /// Who dialled whom.
        public var direction: PeerDirection
        /// By which rule of ours.
        public var reason: RefusalReason
        /// How often.
        public var tries: UInt64
        /// When last, in seconds before now.
        public var secondsAgo: Double
        /// Whether it was refused before it named a torrent, so that it may have wanted another.
        public var isBeforeTorrent: Bool
        /// What it was until it was withdrawn; nil where it was no member, or that is too long ago.
        public var formerMember: FormerMemberReport?
    }

    /// Of ``Cause/allRefused(_:)``.
    public struct Refused: Sendable, Hashable, Codable {
        /// The last ones, at most 16.
        public var refusals: [Refusal]
        /// Members, and what is known of them.
        public var peers: [PeerReport]
        /// Whether nothing is missing: then it only waits for who wants it.
        public var isWhole: Bool
    }

    /// Of the causes that are about members.
    public struct Peers: Sendable, Hashable, Codable {
        /// Those that it is about, at most 64.
        public var peers: [PeerReport]
        /// Who else was refused meanwhile, at most 16: one of them may be a member at another address.
        public var refusals: [Refusal]
    }

    /// Of ``Cause/hashFailures(_:)``.
    public struct HashFailures: Sendable, Hashable, Codable {
        /// Who was banned.
        public var peers: [PeerReport]
        /// The pieces that failed, at most the last 64.
        public var pieces: [Int]
    }

    /// Of ``Cause/metadataMissing(_:)``.
    public struct Metadata: Sendable, Hashable, Codable {
        /// Whether it came, and waits to be accepted.
        public var isHeld: Bool
        /// Who is connected.
        public var peers: [PeerReport]
    }

    /// Of ``Cause/nobodyHasPiece(_:)``.
    public struct LonePieces: Sendable, Hashable, Codable {
        /// The first 16, with who had each last.
        public var pieces: [Evidence.LonePiece]
        /// How many there are.
        public var count: Int
        /// Who is connected.
        public var peers: [PeerReport]
    }

    /// Of ``Cause/rateLimit(_:)``.
    public struct RateLimited: Sendable, Hashable, Codable {
        /// The smallest limit of that direction.
        public var limit: Evidence.Limit
        /// Payload of the torrent in that direction now, bytes a second.
        public var rate: UInt64
    }

    /// Of ``Cause/nothingWrong(_:)``.
    public struct Activity: Sendable, Hashable, Codable {
        /// What it does.
        public enum Kind: String, Sendable, Hashable, Codable {
            /// What is on disk is looked at.
            case checking
            /// Its files are carried to another folder.
            case relocating
            /// Members are being dialled, and no try has ended yet; or one has just connected.
            case connecting
            /// Bytes arrive.
            case moving
            /// All of it is there, for whoever asks.
            case seeding
            /// All of what is wanted of it is there.
            case whole
        }

        /// What it does.
        public var kind: Kind
        /// Members that are connected.
        public var connected: Int
        /// Payload from members, bytes a second.
        public var downloadRate: UInt64
        /// Payload to members, bytes a second.
        public var uploadRate: UInt64
        /// Pieces that are wanted and missing.
        public var missingPieces: Int
    }
}

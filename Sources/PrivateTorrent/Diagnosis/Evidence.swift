public import TorrentEngine

/// What is known of a torrent and of its engine at one moment: all that an ``Explanation`` rests on.
public struct Evidence: Sendable, Hashable {
    /// A limit that holds for the torrent.
    public struct Limit: Sendable, Hashable, Codable {
        /// What it limits.
        public enum Scope: String, Sendable, Hashable, Codable {
            /// All torrents of the engine together.
            case engine
            /// All torrents of its class together.
            case rateClass
            /// The torrent alone.
            case torrent
        }

        /// Which way.
        public enum Direction: String, Sendable, Hashable, Codable {
            /// From members.
            case download
            /// To members.
            case upload
        }

        /// What it limits.
        public var scope: Scope
        /// Which way.
        public var direction: Direction
        /// Bytes a second.
        public var bytesPerSecond: UInt64

        /// Makes a limit.
        public init(_ scope: Scope, _ direction: Direction, bytesPerSecond: UInt64) {
            self.scope = scope
            self.direction = direction
            self.bytesPerSecond = bytesPerSecond
        }
    }

    /// A piece that is wanted, is missing, and that nobody who is connected has.
    public struct LonePiece: Sendable, Hashable, Codable {
        /// Somebody who had it.
        public struct Holder: Sendable, Hashable, Codable {
            /// Where.
            public var endpoint: PeerEndpoint
            /// Whose address that is, as policy knows it.
            public var identity: String?
            /// When it was last seen with the piece, in seconds before now.
            public var secondsAgo: Double

            /// Makes a holder.
            public init(_ endpoint: PeerEndpoint, identity: String? = nil, secondsAgo: Double) {
                self.endpoint = endpoint
                self.identity = identity
                self.secondsAgo = secondsAgo
            }
        }

        /// Its index.
        public var piece: Int
        /// Who had it last; nil where nobody was seen with it.
        public var lastHolder: Holder?

        /// Makes one.
        public init(_ piece: Int, lastHolder: Holder? = nil) {
            self.piece = piece
            self.lastHolder = lastHolder
        }
    }

    /// Interfaces that the engine is bound to and that are away.
    public var interfacesDown: [String] = []
    /// Where the engine was told to listen, as text.
    public var listenWanted: [String] = []
    /// Where it listens.
    public var listening: [PeerEndpoint] = []
    /// Why it does not listen somewhere.
    public var listenFailures: [String] = []

    /// Whether the store keeps it paused.
    public var isPausedInStore = false
    /// Why the store retired it; then nothing else is known of it.
    public var retirement: RetentionPlan.Reason?

    /// The torrent; nil where it is not in the engine.
    public var status: TorrentStatus?
    /// The storage error that stopped it; of one that is not in the engine, why it could not be taken up.
    public var fault: EngineError?
    /// Who may be in its swarm.
    public var members: [Member] = []
    /// Its peers, as ``TorrentEngine/Torrent/peerReports()`` gives them.
    public var peers: [PeerReport] = []
    /// Who was refused by this torrent, and strangers, refused before they named one; since somebody was last let in.
    public var refusals: [RefusedPeer] = []
    /// When payload last came, in seconds before now; nil where none has. The rates of `status` trail for a minute.
    public var secondsSinceReceived: Double?
    /// How many pieces are wanted and missing.
    public var missingPieces = 0
    /// Those of them that nobody who is connected has: the first 16.
    public var lonePieces: [LonePiece] = []
    /// How many ``lonePieces`` there are in all.
    public var lonePieceCount = 0
    /// The pieces that last failed their hash.
    public var failedPieces: [Int] = []
    /// Limits that hold for it.
    public var limits: [Limit] = []

    /// Makes evidence of nothing: a torrent that is not in the engine.
    public init() {}
}

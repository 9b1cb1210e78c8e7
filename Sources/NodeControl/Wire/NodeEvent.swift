public import NodeInterface
public import TorrentEngine

/// Something that happened in a node: the data of a server-sent event of `GET /v1/events`.
///
/// Events are hints; the other answers are the truth. A field that a type has no use for is absent.
public struct NodeEvent: Codable, Sendable, Hashable {
    /// What happened. A later version may add words: take what you know.
    public enum Kind: String, Codable, Sendable, Hashable, CaseIterable {
        /// The torrent entered the state in `state`.
        case state
        /// The info dictionary came.
        case metadata
        /// What is on disk is known: `bytes` of it are verified.
        case checked
        /// Bytes moved. Has no ID, is not repeated on a resume, and comes at most once a second for a torrent.
        case progress
        /// Every piece that is wanted is verified.
        case finished
        /// A member's handshake is complete.
        case peerConnected
        /// A peer was refused: `reason`, and `tries` of its address so far.
        case peerRefused
        /// A member's connection, or the attempt at one, ended.
        case peerDisconnected
        /// A peer sent corrupt data and was banned.
        case peerBanned
        /// `piece` failed its hash and is fetched again.
        case hashFailed
        /// The file system refused: the torrent stopped.
        case storageError
        /// `piece` on disk is not what the torrent says any more.
        case corruptOnDisk
        /// A listening socket stands.
        case listening
        /// A listening socket could not be had.
        case listenFailed
        /// The interface `detail` went away: nothing is sent.
        case interfaceDown
        /// The interface `detail` is back.
        case interfaceUp
        /// The torrent left the engine.
        case removed
        /// The torrent's files stand in the folder `path` now.
        case moved
        /// The torrent was taken up from the state directory.
        case restored
        /// The torrent could not be taken up, or its fetch ended.
        case notRestored
        /// What is known of the content could not be saved.
        case saveFailed
        /// A request, or the program, changed what is kept of the torrent: `reason` is `paused`, `resumed`, `members`,
        /// `limits`, `selection` or `names`.
        case changed
        /// The torrent went by its retention or for room: `reason`.
        case retired
        /// A file of the state directory is broken.
        case stateProblem
        /// Events were lost (`missed`, where it is known how many): look at the snapshots.
        case gap
    }

    /// ``ControlSchema/version``.
    public var schemaVersion = ControlSchema.version
    /// What happened; also the `event` of the server-sent event.
    public let type: Kind
    /// When.
    public let time: UnixTime
    /// The torrent; absent for the node itself.
    public var infoHash: InfoHash?
    /// The state, of `state`.
    public var state: String?
    /// The peer, or where it is listened.
    public var endpoint: PeerEndpoint?
    /// Who dialled whom.
    public var direction: PeerDirection?
    /// The entry that admitted the peer.
    public var member: MemberEntry?
    /// Why, in one word.
    public var reason: String?
    /// More words, for people. Untrusted text.
    public var detail: String?
    /// How often.
    public var tries: UInt64?
    /// The piece.
    public var piece: Int?
    /// Bytes.
    public var bytes: UInt64?
    /// The file or folder.
    public var path: String?
    /// What went wrong.
    public var error: ErrorReport?
    /// How many events were lost.
    public var missed: UInt64?

    init(_ type: Kind, _ infoHash: InfoHash? = nil, time: UnixTime) {
        self.type = type
        self.infoHash = infoHash
        self.time = time
    }
}

/// Something that happened in an engine.
///
/// Events are hints; snapshots (``Torrent/status()`` and its like) are the truth.
public struct EngineEvent: Sendable {
    /// What happened. Later versions may add cases: switch with a `default`.
    public enum Kind: Sendable {
        /// The torrent entered this state.
        case state(TorrentState)
        /// The info dictionary came from a member (BEP 9) and waits for ``Torrent/acceptMetadata(_:)``.
        case metadataReceived
        /// Bytes were verified or moved; sent at most a few times a second for a torrent.
        case progress
        /// What is on disk is known: that many bytes of it are verified.
        case checked(reusedBytes: UInt64)
        /// Every piece that is wanted is verified. Again, where more came to be wanted since.
        case finished
        /// A member's handshake is complete.
        case peerConnected(PeerEndpoint, direction: PeerDirection, member: Member?)
        /// A member's connection got that far. Each stage comes at most once for a connection.
        case peerStage(PeerEndpoint, direction: PeerDirection, PeerStage)
        /// We refused a peer. `tries` counts the refusals of its address so far.
        case peerRefused(PeerEndpoint, direction: PeerDirection, reason: RefusalReason, tries: UInt64)
        /// A member's connection, or the attempt at one, ended. `detail` has the engine's words.
        case peerDisconnected(
            PeerEndpoint, direction: PeerDirection, reason: DisconnectReason, detail: String)
        /// A peer sent corrupt data and was banned from the torrent.
        case peerBanned(PeerEndpoint)
        /// The piece with that index failed its hash and is fetched again.
        case hashFailed(piece: Int)
        /// The file system refused, or a file is not what it was; the torrent has stopped. After `.diskFull` it goes on
        /// by itself once there is room, and after EMFILE and ENFILE once files can be opened, unless it was stopped; else
        /// ``Torrent/start(dialling:)`` takes it up again.
        case storageError(EngineError)
        /// A piece that ``AddOptions/Content/completeVerifiedOnRead`` took for good is not what the torrent says; its
        /// files lie at `paths`. Nothing of it was sent. All is checked now, and what is bad is fetched again.
        case corruptOnDisk(piece: Int, paths: [String])
        /// A listening socket stands, with its real port.
        case listening(PeerEndpoint)
        /// A listening socket could not be had, or stands no longer, since no descriptor is left. It is tried again each
        /// second, but where it could not be bound or filtered as it must be; the same failure is told once until it stands.
        case listenFailed(EngineError)
        /// An interface that the engine is bound to went down, disappeared or lost an address: every connection is cut,
        /// every listening socket closed, and nothing is dialled until it is back.
        case interfaceDown(String)
        /// An interface that the engine is bound to is back. Once all of them are, the engine listens and dials again.
        case interfaceUp(String)
        /// The torrent is gone and its files are closed.
        case removed
        /// The torrent's files stand in this folder now (``Torrent/move(to:saving:)``).
        case moved(folder: String)
        /// This many events were dropped because nobody took them: take snapshots.
        case gap(UInt64)
        /// A note of the engine's, from 0 (debug) to 4 (error).
        case log(level: Int, String)
    }

    /// Counts up by one from event to event of the engine.
    public let sequence: UInt64
    /// The torrent concerned; nil for the engine itself.
    public let torrent: Torrent.ID?
    /// What happened.
    public let kind: Kind
}

/// How far a connection got, beside its handshake.
public enum PeerStage: String, Sendable, Hashable, Codable {
    /// The TCP connection that we dialled stands.
    case tcp
    /// The other side's extension handshake came (BEP 10).
    case extensions
    /// The other side said which pieces it has (BEP 3, BEP 6).
    case pieces
}

/// Who dialled whom.
public enum PeerDirection: String, Sendable, Hashable, Codable {
    /// The peer dialled us.
    case incoming
    /// We dialled the peer.
    case outgoing
}

/// Why we refused a peer.
public enum RefusalReason: String, Sendable, Hashable, Codable, CaseIterable {
    /// Its address is no member's, of any torrent.
    case notAMember
    /// It is a member, but not of the torrent that it asked for.
    case notOfThisTorrent
    /// It was a member, and is no more.
    case revoked
    /// The engine would have dialled where nobody sent it, or where no member is.
    case notDialled
    /// Its handshake would harm the engine.
    case harmfulHandshake
    /// It could not go by the address or interface that the engine is bound to.
    case notBound
    /// Its address has as many connections as one may have.
    case tooMany
    /// A reason that this version has no word for.
    case other
}

/// Why a connection ended.
public enum DisconnectReason: String, Sendable, Hashable, Codable, CaseIterable {
    /// Nobody listens there.
    case connectionRefused
    /// No way there.
    case unreachable
    /// No answer in time.
    case timedOut
    /// The other side closed before its handshake: it may not list our address.
    case closedBeforeHandshake
    /// The other side closed.
    case closed
    /// We closed: shutdown, removal, nothing left to exchange.
    case byUs
    /// The other side broke the protocol.
    case protocolError
    /// Anything else.
    case other
}

/// What a torrent is doing.
public enum TorrentState: String, Sendable, Hashable, Codable {
    /// Waits for the info dictionary from a member (BEP 9).
    case metadata
    /// The info dictionary is here and waits to be accepted.
    case held
    /// Looks at what is on disk.
    case checking
    /// Lacks pieces that are wanted.
    case downloading
    /// Has every piece that is wanted, and not every piece: see ``Torrent/setFilePriorities(_:)``.
    case finished
    /// Has every piece.
    case seeding
    /// A storage error stopped it.
    case failed
    /// A state that this version has no word for.
    case unknown

    /// Whether every piece that is wanted is there.
    var hasWhatIsWanted: Bool { self == .finished || self == .seeding }
}

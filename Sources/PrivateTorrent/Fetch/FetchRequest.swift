public import NodeInterface
public import TorrentEngine

/// What to fetch, where to, and from whom.
public struct FetchRequest: Sendable {
    /// What to fetch.
    public var reference: TorrentReference
    /// The folder that will hold the torrent's top-level file or folder. It is made where it is missing.
    public var folder: String
    /// Who may be in the swarm; those whose rule names a port are dialled.
    public var members: [Member]
    /// Whether content that already stands at the destination, and that we did not write, may be taken over: what
    /// verifies is kept, the rest is fetched over it.
    public var adoptsExisting: Bool
    /// Which files to fetch; all, unless told. A later fetch into the same folder can fetch more.
    public var selection: FileSelection
    /// The class whose rate limits it shares; nil, the default, for none.
    public var rateClass: RateClass?
    /// A limit on the whole fetch; nil for none.
    public var timeout: Duration?
    /// Whether the torrent stays in the engine once it is whole, and is sent to the members.
    public var seedsAfterwards = false
    /// The job that it is a fallback of, for the state directory.
    var job: TorrentEntry.Job?
    /// Whether it goes on only where it is asked for again after a restart, and not by itself: somebody waits for it, who
    /// is then gone.
    public var isAwaited = false
    /// Whether the store takes up a torrent that it has: its members are then the entry's, which may change on the way, and
    /// where the disk fills it waits until there is room; else it fails then.
    var isTakenUp = false
    /// Looks at the metadata before anything is written; what it throws ends the fetch.
    var inspect: (@Sendable (Metainfo) throws(EngineError) -> Void)?

    /// Makes a request.
    public init(
        _ reference: TorrentReference, into folder: String, members: [Member], adoptsExisting: Bool = false,
        selection: FileSelection = FileSelection(), timeout: Duration? = nil
    ) {
        self.reference = reference
        self.folder = folder
        self.members = members
        self.adoptsExisting = adoptsExisting
        self.selection = selection
        self.timeout = timeout
    }
}

/// How a fetch is going.
public enum FetchUpdate: Sendable {
    /// The torrent is in the engine, and members are dialled.
    case started(Torrent)
    /// What is in it is known, and private mode accepts it.
    case metadata(Metainfo)
    /// Content on disk is being hashed.
    case checking(HashProgress)
    /// Bytes moved.
    case progress(TorrentStatus)
    /// Nothing has moved for `after`, and why; sent again every 30 seconds.
    case stalled(after: Duration, reason: String, remedy: String?)
}

/// A finished fetch.
public struct FetchResult: Sendable, Hashable {
    /// The torrent's v1 info-hash.
    public var infoHash: InfoHash
    /// The top-level file or folder.
    public var name: String
    /// The folder that holds it.
    public var folder: String
    /// Every file that was to be fetched, in the torrent's order; pad files are no files.
    public var files: [FetchedFile]
    /// The torrent, where it stays in the engine.
    public var torrent: Torrent?
    /// From adding the torrent to the last verified byte.
    public var elapsed: Duration
    /// Verified bytes that came from peers.
    public var downloadedBytes: UInt64
    /// Verified bytes that were on disk already.
    public var reusedBytes: UInt64
    /// Bytes that came from peers and failed their hash, or came twice.
    public var wastedBytes: UInt64
}

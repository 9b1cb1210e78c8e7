public import NodeInterface
public import TorrentEngine

/// What a state directory keeps of a torrent, beside its metadata and what is known of its content.
public struct TorrentEntry: Sendable, Hashable {
    /// What the torrent is there for.
    public enum Role: String, Sendable, Hashable, Codable {
        /// Content of the user's own: it is sent, and never written.
        case seed
        /// Content that is fetched, and sent once it is whole.
        case fetch
        /// Not known: the index was lost. It is not run before it is added again.
        case unknown
    }

    /// The job that a torrent is the fallback of.
    public struct Job: Sendable, Hashable {
        /// Its ID.
        public var id: String
        /// Who asked for the torrent and has not released it, with the members that the job named for each.
        public var holders: [String: [Member]]

        /// Makes a job.
        public init(id: String, holders: [String: [Member]]) {
            self.id = id
            self.holders = holders
        }
    }

    /// The v1 info-hash.
    public let infoHash: InfoHash
    /// What it is there for.
    public var role: Role
    /// The job that it is a fallback of; nil where it belongs to none.
    public var job: Job?
    /// The folder that holds its top-level file or folder: an absolute path. Nil where it is not known, after the index
    /// was rebuilt.
    public var saveFolder: String?
    /// Who may be in the swarm.
    public var members: [Member]
    /// Whether it runs; false once it was paused.
    public var isStarted: Bool
    /// Whether every piece was there when that was last saved.
    public var isComplete: Bool
    /// Bytes a second; 0 for no limit.
    public var uploadLimit: UInt32
    /// Bytes a second; 0 for no limit.
    public var downloadLimit: UInt32
    /// A priority for each file of the torrent, pad files too: 0 (not wanted) … 7. Empty: every file is wanted.
    public var filePriorities: [UInt8]
    /// The paths of files that were renamed, by their index: see ``TorrentStore/rename(_:file:to:)``.
    public internal(set) var names: [Int: String]
    /// A renaming that is under way, or that a crash cut off.
    package internal(set) var renaming: PendingRename?
    /// Fetch pieces in order.
    public var isSequential: Bool
    /// Whether and as whom it speaks `slskdn` with its members.
    public var messages: MessageChannel?
    /// When it was first added.
    public var addedTime: UnixTime
    /// What its invite calls it (BEP 9, `dn`): shown until the metadata is known. Untrusted text; nil where nothing does.
    public var displayName: String?
    /// Bytes of its content; 0 before the metadata is known.
    public var sizeBytes: UInt64
    /// How long it stays.
    public var retention: TorrentRetention

    /// Makes an entry of a torrent that is wanted whole.
    public init(
        _ infoHash: InfoHash, role: Role, saveFolder: String?, members: [Member] = [], job: Job? = nil,
        addedTime: UnixTime
    ) {
        self.infoHash = infoHash
        self.role = role
        self.job = job
        self.saveFolder = saveFolder
        self.members = members
        isStarted = true
        isComplete = role == .seed
        uploadLimit = 0
        downloadLimit = 0
        filePriorities = []
        names = [:]
        renaming = nil
        isSequential = false
        messages = nil
        self.addedTime = addedTime
        displayName = nil
        sizeBytes = 0
        retention = TorrentRetention(lastNeeded: addedTime)
    }
}

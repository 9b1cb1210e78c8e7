/// How a torrent is added.
public struct AddOptions: Sendable {
    /// What is known of the content on disk.
    public enum Content: Sendable {
        /// Nothing: what is there is hashed by the engine.
        case unknown
        /// Every piece was just hashed and is good.
        case complete
        /// Every piece should be good; each is hashed before it is first sent.
        case completeVerifiedOnRead
        /// These pieces are good: a bit each, the first piece in the highest bit of the first byte.
        case pieces([UInt8])
        /// What was saved is believed, unhashed; it must be of the torrent that is added (else
        /// `EngineError.Code.contentMismatch`). Its pieces are used, and its file priorities.
        case resumed(ResumeData)
    }

    /// The folder that holds the torrent's top-level file or folder; an absolute path.
    public var saveFolder: String
    /// Who may be in the swarm. Nobody, unless told.
    public var members: [Member]
    /// What is known of the content on disk.
    public var content: Content
    /// Who each file of `Metainfo.files`, pad files too, was when its content was hashed.
    ///
    /// Nil or an empty array where that is not known: whoever stands there when the torrent is added.
    ///
    /// What is not (or no longer) that very file, in that very version, is not sent: the torrent stops with a
    /// ``EngineEvent/Kind/storageError(_:)`` of code `.contentChanged` that names the file. A changed mode, a
    /// new hard link and a set time count as changes too.
    public var identities: [FileIdentity?]
    /// Fetch pieces in order.
    public var isSequential: Bool
    /// How much each file of `Metainfo.files`, pad files too, is wanted: 0 for not at all, 1…7, where 4 is what each has
    /// by default. Nil: what the resume data says where ``content`` is that, else every file as by default. See
    /// ``Torrent/setFilePriorities(_:)``.
    public var filePriorities: [UInt8]?
    /// Whether the torrent speaks the extension `slskdn` (BEP 10) with its members, and as whom. Nil, the default: its
    /// swarm hears nothing of it.
    public var messages: MessageChannel?
    /// Bytes a second; 0 for no limit.
    public var uploadLimit: UInt32
    /// Bytes a second; 0 for no limit.
    public var downloadLimit: UInt32
    /// The class whose limits it shares; nil for none. See ``Torrent/setRateClass(_:)``.
    public var rateClass: RateClass?

    /// Bytes that are to stay free where the files are; with ``EngineConfiguration/freeSpaceFloor`` the higher of the
    /// two counts. Before a write would leave less, the torrent stops with a
    /// ``EngineEvent/Kind/storageError(_:)`` of code `.diskFull`, as on a full disk, and goes on by itself once there
    /// is room.
    public var freeSpaceFloor: UInt64

    /// Makes options.
    public init(
        saveFolder: String, members: [Member] = [], content: Content = .unknown,
        identities: [FileIdentity?] = [], isSequential: Bool = false, filePriorities: [UInt8]? = nil,
        messages: MessageChannel? = nil, uploadLimit: UInt32 = 0, downloadLimit: UInt32 = 0,
        freeSpaceFloor: UInt64 = 0, rateClass: RateClass? = nil
    ) {
        self.saveFolder = saveFolder
        self.members = members
        self.content = content
        self.identities = identities
        self.isSequential = isSequential
        self.filePriorities = filePriorities
        self.messages = messages
        self.uploadLimit = uploadLimit
        self.downloadLimit = downloadLimit
        self.freeSpaceFloor = freeSpaceFloor
        self.rateClass = rateClass
    }
}

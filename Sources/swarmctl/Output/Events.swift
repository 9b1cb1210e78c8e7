import PrivateTorrent
import TorrentEngine

/// A file in an event; its path begins with the torrent's name.
struct FileFact: Encodable, Sendable, Hashable {
    let path: String
    let sizeBytes: UInt64
    var pad: Bool?
}

/// A torrent was made.
struct CreatedEvent: OutputEvent {
    static let event = EventName.created

    struct Skipped: Encodable, Sendable {
        let path: String
        let reason: String
    }

    let infoHash: String
    let magnet: String
    let name: String
    let sizeBytes: UInt64
    let pieceLengthBytes: Int
    let pieceCount: Int
    @OrNull var output: String?
    let skipped: [Skipped]

    init(_ created: TorrentCreator.Created, magnet: MagnetLink, output: String?) {
        let metainfo = created.metainfo
        infoHash = metainfo.infoHash.description
        self.magnet = magnet.description
        name = metainfo.name
        sizeBytes = metainfo.sizeBytes
        pieceLengthBytes = metainfo.pieceLengthBytes
        pieceCount = metainfo.pieceCount
        self.output = output
        skipped = created.skipped.map { Skipped(path: $0.path, reason: $0.reason.rawValue) }
    }
}

/// A torrent or magnet link was looked at.
struct InspectedEvent: OutputEvent {
    static let event = EventName.inspected

    struct Renaming: Encodable, Sendable {
        let from: String
        let to: String
    }

    @OrNull var infoHash: String?
    @OrNull var name: String?
    @OrNull var sizeBytes: UInt64?
    @OrNull var pieceLengthBytes: Int?
    var files: [FileFact] = []
    @OrNull var `private`: Bool?
    var accepted = false
    var reasons: [String] = []
    var dropped: [String] = []
    var renamed: [Renaming] = []
    /// The members that a magnet link names.
    var peers: [String]?
}

/// A listening socket stands.
struct ListeningEvent: OutputEvent {
    static let event = EventName.listening

    let address: String
    let port: UInt16

    init(_ endpoint: PeerEndpoint) {
        address = endpoint.address.description
        port = endpoint.port
    }
}

/// An interface that the engine is bound to went away, or is back.
struct InterfaceEvent: OutputEvent {
    static let event = EventName.interface

    enum State: String, Encodable, Sendable {
        case down, up
    }

    let name: String
    let state: State
}

/// What to hand to the members.
struct InviteEvent: OutputEvent {
    static let event = EventName.invite

    let infoHash: String
    let magnet: String
}

/// Something happened to a peer.
struct PeerEvent: OutputEvent {
    static let event = EventName.peer

    enum State: String, Encodable, Sendable {
        case connected, refused, disconnected, banned
    }

    let endpoint: String
    /// Null where it was banned.
    @OrNull var direction: String?
    let state: State
    @OrNull var reason: String?
    /// How often its address was refused so far.
    var tries: UInt64?
}

/// How far a fetch has come.
struct ProgressEvent: OutputEvent {
    static let event = EventName.progress

    let doneBytes: UInt64
    let totalBytes: UInt64
    let rateBytesPerSecond: UInt64
    let peers: Int
}

/// A fetch has every byte.
struct FinishedEvent: OutputEvent {
    static let event = EventName.finished

    let infoHash: String
    let files: [FileFact]
    let elapsedMilliseconds: Double
    let downloadedBytes: UInt64
    let reusedBytes: UInt64
    let wastedBytes: UInt64
}

/// Every piece was looked at.
struct VerifiedEvent: OutputEvent {
    static let event = EventName.verified

    struct BadFile: Encodable, Sendable {
        let path: String
        let pieces: [Int]
        let reason: String
    }

    let ok: Bool
    let badFiles: [BadFile]
}

/// Why a command ends without success: the last line (Docs/Cli.md has the exits without one).
struct ErrorEvent: OutputEvent {
    static let event = EventName.error

    let code: String
    let exitCode: Int32
    let message: String
    @OrNull var remedy: String?

    init(_ failure: Failure) {
        code = failure.code
        exitCode = failure.status.code
        message = failure.message
        remedy = failure.remedy
    }
}

/// A state directory was opened.
struct StateEvent: OutputEvent {
    static let event = EventName.state

    struct Problem: Encodable, Sendable {
        let file: String
        @OrNull var quarantined: String?
        let reason: String
    }

    let torrents: Int
    let unclean: Bool
    let rebuilt: Bool
    let problems: [Problem]

    init(_ report: StateReport, torrents: Int) {
        self.torrents = torrents
        unclean = report.wasUnclean
        rebuilt = report.isRebuilt
        problems = report.problems.map {
            Problem(file: $0.file, quarantined: OrNull(wrappedValue: $0.quarantined), reason: $0.reason)
        }
    }
}

/// A torrent of the state directory was taken up, or could not be.
struct RestoredEvent: OutputEvent {
    static let event = EventName.restored

    let infoHash: String
    @OrNull var reason: String?

    init(_ infoHash: InfoHash, _ error: EngineError? = nil) {
        self.infoHash = infoHash.description
        reason = error?.code.description
    }
}

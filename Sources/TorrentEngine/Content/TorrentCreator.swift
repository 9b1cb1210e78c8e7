/// Makes v1 torrents (BEP 3) of files and folders.
///
/// Symbolic links are never followed: a link as the path itself is refused, links below it are skipped and
/// listed, as are sockets, devices, FIFOs and empty folders. Empty files are kept, names are taken as they
/// are, and a file's executable bit is recorded (BEP 47). The same content with the same options gives the
/// same bytes.
public struct TorrentCreator: Sendable {
    /// How a torrent is made.
    public struct Options: Sendable, Hashable {
        /// Bytes a piece: a power of two, 16 KiB … 16 MiB.
        ///
        /// Nil chooses one that gives about 1,000 to 2,000
        /// pieces.
        public var pieceLengthBytes: Int?
        /// The torrent's name: the one file or folder that is made by whoever fetches it.
        ///
        /// Nil takes that of
        /// the path.
        public var name: String?
        /// Whether the torrent is marked private (BEP 27), which keeps other clients from announcing it.
        ///
        public var isPrivate = true
        /// Whether files and folders below the path whose names begin with a dot are left out.
        public var skipHidden = false
        /// The program that made it (`created by`); nil leaves it out.
        public var createdBy: String?
        /// When it was made, in seconds since 1970; nil leaves it out, so that equal content gives equal
        /// bytes.
        public var creationDate: Int64?
        /// Threads that hash; 0 for one a core.
        public var threads = 0
        /// What is not exceeded.
        ///
        /// Whoever loads the torrent needs limits as large.
        public var limits = MetainfoLimits.standard

        /// The defaults.
        ///
        public init() {}
    }

    /// Why something below the path is not in the torrent.
    public struct SkipReason: RawRepresentable, Sendable, Hashable, CustomStringConvertible {
        /// A stable word, as printed in JSON.
        public let rawValue: String

        /// Makes a reason of that name.
        public init(rawValue: String) { self.rawValue = rawValue }

        /// The same word.
        public var description: String { rawValue }

        /// A symbolic link, wherever it points.
        public static let symbolicLink = SkipReason(rawValue: "symbolicLink")
        /// A FIFO, socket or device.
        public static let specialFile = SkipReason(rawValue: "specialFile")
        /// A folder with nothing in it, which v1 torrents cannot express.
        public static let emptyFolder = SkipReason(rawValue: "emptyFolder")
        /// Its name begins with a dot, and `Options.skipHidden` is set.
        public static let hidden = SkipReason(rawValue: "hidden")
    }

    /// Something below the path that is not in the torrent.
    public struct Skipped: Sendable, Hashable {
        /// Where it is, relative to the path.
        public let path: String
        /// Why it is left out.
        public let reason: SkipReason
    }

    /// A file that was hashed, as it was then.
    public struct HashedFile: Sendable, Hashable {
        /// Its absolute path.
        public let path: String
        /// Which file it was, and in which version.
        public let identity: FileIdentity
    }

    /// A torrent that was made.
    public struct Created: Sendable {
        /// The `.torrent`.
        public let torrent: [UInt8]
        /// The same, loaded.
        public let metainfo: Metainfo
        /// The folder that `metainfo`'s paths are below, where the torrent's name is that of the path: what a
        /// seed uses as its save path.
        ///
        /// Nil where `Options.name` is another.
        public let savePath: String?
        /// What is left out.
        ///
        public let skipped: [Skipped]
        /// The files in the torrent's order.
        public let files: [HashedFile]
        /// Who each of them was when it was hashed, for ``AddOptions/identities``.
        public var identities: [FileIdentity?] { files.map(\.identity) }
    }

    /// How a torrent is made.
    public let options: Options

    /// How fast it reads.
    public let pace: HashPace

    /// Makes a creator.
    public init(options: Options = Options(), pace: HashPace = HashPace()) {
        self.options = options
        self.pace = pace
    }

    /// Makes a torrent of a file or folder.
    ///
    /// Hashing runs on threads of its own; cancelling the task stops it.
    ///
    /// - Parameters:
    ///   - path: A regular file, or a folder. The folders above it may be reached through symbolic links.
    ///   - progress: Called about ten times a second on any thread.
    /// - Throws: `EngineError.Code.inputMissing`, `.permissionDenied` or `.inputOutput` naming the path;
    ///   `.invalidArgument` for a path that is a symbolic link or has a name which is not UTF-8 or would not
    ///   be made under that name elsewhere; `.nothingToShare` for 0 bytes in all; `.limitExceeded`;
    ///   `.refusedByPrivateMode` for a top-level name that begins with a dot; `.contentChanged` naming a file
    ///   that changed meanwhile; `.cancelled`.
    public func create(
        of path: String, progress: (@Sendable (HashProgress) -> Void)? = nil
    ) async throws(EngineError) -> Created {
        let (options, pace) = (options, pace)
        let operation = "create a torrent of \(quoted(path))"
        return try await HashTask.run(operation, report: progress) { task throws(EngineError) in
            try Creation(path, options: options, pace: pace, task: task, operation: operation).run()
        }
    }
}

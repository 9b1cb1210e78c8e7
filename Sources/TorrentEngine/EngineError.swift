#if canImport(Glibc)
    import Glibc
#endif

/// What went wrong in the engine, doing what to what, and what to do about it.
///
/// Every throwing function of `TorrentEngine` throws this type. `code` is open: a later version may add codes, so
/// switch with a `default`.
public struct EngineError: Error, Sendable, Hashable {
    /// The kind of failure.
    public struct Code: Sendable, Hashable, CustomStringConvertible {
        enum Value: String, Sendable {
            case invalidArgument, outOfMemory, versionMismatch, torrentNotFound, duplicateTorrent, malformed
            case limitExceeded, refusedByPrivateMode, inputMissing, nothingToShare, fileExists, diskFull
            case permissionDenied, inputOutput, network, addressInUse, addressNotAvailable, noMember, timedOut
            case contentMismatch, contentChanged, noSuchFile, wrongState, inUse, cancelled, shutDown
            case unsupported
            case internalFailure
        }

        let value: Value

        /// A stable, lower-camel-case word for the code, as printed in JSON.
        public var description: String { value.rawValue }

        /// An argument is out of its range: the caller's mistake.
        public static let invalidArgument = Code(value: .invalidArgument)
        /// Memory could not be had.
        public static let outOfMemory = Code(value: .outOfMemory)
        /// The shim or libtorrent at run time does not fit the one compiled against.
        public static let versionMismatch = Code(value: .versionMismatch)
        /// The torrent is not (or no longer) in the engine.
        public static let torrentNotFound = Code(value: .torrentNotFound)
        /// A torrent with that info-hash is in the engine already.
        public static let duplicateTorrent = Code(value: .duplicateTorrent)
        /// The bytes are no well-formed torrent, info dictionary, magnet link, info-hash or rule.
        public static let malformed = Code(value: .malformed)
        /// Well-formed, but over a limit: size, files, pieces, nesting.
        public static let limitExceeded = Code(value: .limitExceeded)
        /// Well-formed, but nothing that a private swarm carries: v2, symbolic links and the like.
        public static let refusedByPrivateMode = Code(value: .refusedByPrivateMode)
        /// A file or folder that was named does not exist.
        public static let inputMissing = Code(value: .inputMissing)
        /// There is no content: 0 bytes in all, or nothing that a torrent can carry.
        public static let nothingToShare = Code(value: .nothingToShare)
        /// Something that is not ours stands where a file should go.
        public static let fileExists = Code(value: .fileExists)
        /// No room on the disk.
        public static let diskFull = Code(value: .diskFull)
        /// The file system refuses access.
        public static let permissionDenied = Code(value: .permissionDenied)
        /// Any other failure of the file system.
        public static let inputOutput = Code(value: .inputOutput)
        /// Any other failure of the network.
        public static let network = Code(value: .network)
        /// The address and port are taken.
        public static let addressInUse = Code(value: .addressInUse)
        /// The address or interface is not on this machine.
        public static let addressNotAvailable = Code(value: .addressNotAvailable)
        /// No member is known, or none could be reached.
        public static let noMember = Code(value: .noMember)
        /// A limit on time ran out.
        public static let timedOut = Code(value: .timedOut)
        /// Data on disk is not what the torrent says, or resume data belongs to another torrent.
        public static let contentMismatch = Code(value: .contentMismatch)
        /// A file changed while it was read.
        public static let contentChanged = Code(value: .contentChanged)
        /// The torrent has no file as it was asked for.
        public static let noSuchFile = Code(value: .noSuchFile)
        /// Not possible in the torrent's present state.
        public static let wrongState = Code(value: .wrongState)
        /// Another process has it, and only one may.
        public static let inUse = Code(value: .inUse)
        /// The task was cancelled.
        public static let cancelled = Code(value: .cancelled)
        /// The engine is stopping or has stopped.
        public static let shutDown = Code(value: .shutDown)
        /// This build or configuration cannot do it.
        public static let unsupported = Code(value: .unsupported)
        /// Anything else; `reason` has the engine's words.
        public static let internalFailure = Code(value: .internalFailure)
    }

    /// The kind of failure.
    public let code: Code
    /// What was being done, and to what: "create a torrent of /srv/album".
    public let operation: String
    /// Why it failed.
    public let reason: String
    /// What the user or caller can do, where something can be done.
    public let remedy: String?
    /// The file or folder concerned, where there is one.
    public let path: String?
    /// The system's error number, where a system call failed.
    public let systemErrno: Int32?

    /// Makes an error.
    public init(
        _ code: Code, _ operation: String, reason: String, remedy: String? = nil, path: String? = nil,
        systemErrno: Int32? = nil
    ) {
        self.code = code
        self.operation = operation
        self.reason = reason
        self.remedy = remedy
        self.path = path
        self.systemErrno = systemErrno
    }
}

extension EngineError {
    /// Whether a torrent that this has stopped goes on by itself, once there is what was short: room, or descriptors.
    package var isShortage: Bool {
        code == .diskFull || systemErrno == EMFILE || systemErrno == ENFILE
    }
}

extension EngineError: CustomStringConvertible {
    /// One sentence: "cannot create a torrent of /srv/album: permission denied".
    public var description: String { "cannot \(operation): \(reason)" }
}

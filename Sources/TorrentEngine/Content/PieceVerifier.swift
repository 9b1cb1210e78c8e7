#if canImport(Glibc)
    import Glibc
#endif

/// Checks files on disk against a torrent's piece hashes, without an engine.
public struct PieceVerifier: Sendable {
    /// What is wrong with a file.
    public struct Reason: RawRepresentable, Sendable, Hashable, CustomStringConvertible {
        /// A stable word, as printed in JSON.
        public let rawValue: String

        /// Makes a reason of that name.
        public init(rawValue: String) { self.rawValue = rawValue }

        /// The same word.
        public var description: String { rawValue }

        /// It is not there.
        public static let missing = Reason(rawValue: "missing")
        /// It ends before its size in the torrent.
        public static let short = Reason(rawValue: "short")
        /// It goes on after its size in the torrent.
        public static let long = Reason(rawValue: "long")
        /// It was written to, or replaced, while it was read.
        public static let changed = Reason(rawValue: "changed")
        /// Its bytes, or those of a neighbour in the same piece, are not those of the torrent.
        public static let mismatch = Reason(rawValue: "mismatch")
        /// It cannot be read: a symbolic link in the way, a folder, FIFO or device, no permission, a bad
        /// disk.
        public static let unreadable = Reason(rawValue: "unreadable")
    }

    /// A file that is not as it should be.
    public struct BadFile: Sendable, Hashable {
        /// Its index in `Metainfo.files`.
        public let index: Int
        /// Its path below the save path.
        public let path: String
        /// Its pieces that did not verify, in order; none for an empty file.
        public let pieces: [Int]
        /// What is wrong.
        public let reason: Reason
        /// The system's error number, where a call failed.
        public let systemErrno: Int32?
    }

    /// What was found.
    public struct Verification: Sendable, Hashable {
        /// A bit per piece that is there and right, first piece = highest bit of byte 0, spare bits zero (BEP
        /// 3's bitfield).
        public let bitfield: [UInt8]
        /// How many pieces that is.
        public let verifiedPieceCount: Int
        /// How many bytes of content lie in those pieces, pad files not counted.
        public let verifiedBytes: UInt64
        /// The files that are not as they should be, in order.
        public let badFiles: [BadFile]
        /// Who each file of `Metainfo.files` was when it was hashed, for ``AddOptions/identities``; nil for pad
        /// files and for what could not be read.
        public let identities: [FileIdentity?]

        /// Whether the piece is there and right.
        public func isVerified(_ piece: Int) -> Bool { isSet(bitfield, piece) }
    }

    /// Threads that hash; 0 for one a core.
    public let threads: Int

    /// How fast it reads.
    public let pace: HashPace

    /// Makes a verifier.
    public init(threads: Int = 0, pace: HashPace = HashPace()) {
        self.threads = threads
        self.pace = pace
    }

    /// Hashes the pieces of a torrent, or some of them.
    ///
    /// Files are opened without following any symbolic link below `folder`. Hashing runs on threads of its
    /// own; cancelling the task stops it. Holes of sparse files are zeros, and are not read.
    ///
    /// - Parameters:
    ///   - metainfo: The torrent.
    ///   - folder: The save path: the folder that holds the torrent's one file or folder.
    ///   - pieces: A bit for each piece that is to be hashed, first piece = highest bit of byte 0 (BEP 3's
    ///     bitfield); nil for all. Of the others nothing is said, nor of files that have none of the chosen.
    ///   - progress: Called about ten times a second on any thread.
    /// - Throws: `EngineError.Code.inputMissing` where `folder` is not there, `.permissionDenied`,
    ///   `.inputOutput`; `.invalidArgument` where `pieces` is too short; `.unsupported` for a v2-only torrent;
    ///   `.cancelled`. What is wrong with single files is in the result.
    public func verify(
        _ metainfo: Metainfo, in folder: String, pieces: [UInt8]? = nil,
        progress: (@Sendable (HashProgress) -> Void)? = nil
    ) async throws(EngineError) -> Verification {
        let operation = "verify \(quoted(metainfo.name)) in \(quoted(folder))"
        let hashes = metainfo.pieceHashes
        guard hashes.count == metainfo.pieceCount * InfoHash.byteCount else {
            throw EngineError(.unsupported, operation, reason: "a v2 torrent has no SHA-1 piece hashes")
        }
        guard pieces.map({ $0.count >= (metainfo.pieceCount + 7) / 8 }) ?? true else {
            throw EngineError(.invalidArgument, operation, reason: "there is not a bit for every piece")
        }
        let (threads, pace) = (threads, pace)
        return try await HashTask.run(operation, report: progress) { task throws(EngineError) in
            let job = try HashJob(
                root: folder,
                files: metainfo.files.map { .init(path: $0.path, size: $0.sizeBytes, isPad: $0.isPad) },
                pieceLength: metainfo.pieceLengthBytes, wanted: pieces, threads: threads,
                stopAtFailure: false, operation: operation)
            task.attach(job)
            try pace.keep(job) { () throws(EngineError) in
                try job.run(operation) { index, code in
                    EngineError(operation, errno: code, path: metainfo.files[index].path)
                }
            }
            return Comparison(
                metainfo, hashes: hashes, job: job, longFiles: Self.longFiles(of: metainfo, in: folder)
            )
            .verification
        }
    }

    /// Pieces say nothing of bytes after a file's end.
    private static func longFiles(of metainfo: Metainfo, in folder: String) -> Set<Int> {
        Set(
            metainfo.files.indices.filter { index in
                let file = metainfo.files[index]
                var info = stat()
                return !file.isPad && lstat("\(folder)/\(file.path)", &info) == 0
                    && UInt64(max(0, info.st_size)) > file.sizeBytes
            })
    }
}

#if canImport(Glibc)
    import Glibc
#endif

/// One run of a `TorrentCreator`, on a thread that may block.
struct Creation {
    private let path: String
    private let options: TorrentCreator.Options
    private let pace: HashPace
    private let task: HashTask
    private let operation: String
    private let walk: ContentWalk
    private let name: String
    private let pieceLength: Int
    private let pieceCount: Int

    init(
        _ path: String, options: TorrentCreator.Options, pace: HashPace, task: HashTask, operation: String
    ) throws(EngineError) {
        self.path = path
        self.options = options
        self.pace = pace
        self.task = task
        self.operation = operation
        walk = try ContentWalk(
            path, skipHidden: options.skipHidden, maxFiles: options.limits.maxFiles, task: task,
            operation: operation)
        name = options.name ?? walk.name
        let total = walk.files.reduce(UInt64(0)) { $0 + $1.identity.sizeBytes }
        guard total > 0 else {
            throw EngineError(
                .nothingToShare, operation,
                reason: walk.files.isEmpty ? "there are no files in it" : "all its files are empty",
                path: path)
        }
        pieceLength = try Self.pieceLength(options.pieceLengthBytes, total: total, operation: operation)
        let pieces = (total - 1) / UInt64(pieceLength) + 1
        guard pieces <= UInt64(clamping: options.limits.maxPieces) else {
            throw EngineError(
                .limitExceeded, operation,
                reason: "\(pieces) pieces are more than \(options.limits.maxPieces)",
                remedy: "choose larger pieces, up to 16 MiB", path: path)
        }
        pieceCount = Int(pieces)
    }

    /// The smallest power of two that gives at most 2,000 pieces: so there are more than 1,000, between the
    /// bounds.
    static func pieceLength(_ given: Int?, total: UInt64, operation: String) throws(EngineError) -> Int {
        let allowed = (14...24).map { 1 << $0 }
        if let given {
            guard allowed.contains(given) else {
                throw EngineError(
                    .invalidArgument, operation, reason: "\(given) bytes are no piece length",
                    remedy: "give a power of two from 16384 to 16777216")
            }
            return given
        }
        return allowed.first { total <= UInt64($0) * 2000 } ?? 1 << 24
    }

    func run() throws(EngineError) -> TorrentCreator.Created {
        // A dress rehearsal with made-up hashes: what cannot be loaded should not be hashed for an hour
        // first.
        let rehearsal = [UInt8](repeating: 1, count: pieceCount * InfoHash.byteCount)
        try check(load(build(rehearsal)))

        let torrent = try build(hash())
        let metainfo = try load(torrent)
        try check(metainfo)
        let base = walk.root.utf8.last == UInt8(ascii: "/") ? walk.root : walk.root + "/"
        return TorrentCreator.Created(
            torrent: torrent, metainfo: metainfo, savePath: savePath, skipped: walk.skipped,
            files: walk.files.map { .init(path: base + $0.path, identity: $0.identity) })
    }

    private var savePath: String? {
        guard name.utf8.elementsEqual(walk.name.utf8) else { return nil }
        // By bytes: a combining mark after a slash makes another character of it.
        var folder = walk.root.utf8.dropLast(walk.isSingleFile ? 0 : walk.name.utf8.count)
        if folder.count > 1 && folder.last == UInt8(ascii: "/") { folder = folder.dropLast() }
        return String(Substring(folder))
    }

    private func hash() throws(EngineError) -> [UInt8] {
        let job = try HashJob(
            root: walk.root,
            files: walk.files.map {
                .init(path: $0.path, size: $0.identity.sizeBytes, identity: $0.identity)
            },
            pieceLength: pieceLength, threads: options.threads, stopAtFailure: true, operation: operation)
        task.attach(job)
        try pace.keep(job) { () throws(EngineError) in
            try job.run(operation) { index, code in failure(of: walk.files[index].path, code) }
        }
        var out: [UInt8] = []
        out.reserveCapacity(pieceCount * InfoHash.byteCount)
        for index in 0..<pieceCount {
            guard case .hashed(let hash) = job.piece(index) else {
                throw EngineError(.internalFailure, operation, reason: "piece \(index) was not hashed")
            }
            out += hash
        }
        return out
    }

    private func failure(of file: String, _ code: Int32) -> EngineError {
        switch code {
        case EACCES, EPERM, EIO, EMFILE, ENFILE, ENOMEM:
            EngineError(operation, errno: code, path: walk.root + "/" + file)
        default:
            // It was there when the folder was listed.
            EngineError(
                .contentChanged, operation, reason: "\(quoted(file)) changed while it was read",
                remedy: "try again when nothing writes to it", path: walk.root + "/" + file, systemErrno: code
            )
        }
    }

    private func build(_ hashes: [UInt8]) throws(EngineError) -> [UInt8] {
        try buildTorrent(
            TorrentContent(
                name: name, isSingleFile: walk.isSingleFile, pieceLength: pieceLength,
                files: walk.files.map { ($0.path, $0.identity.sizeBytes, $0.isExecutable) },
                pieceHashes: hashes),
            options: options, operation: operation)
    }

    private func load(_ torrent: [UInt8]) throws(EngineError) -> Metainfo {
        do {
            return try Metainfo(
                bytes: torrent, isInfoAlone: false, limits: options.limits, operation: operation)
        } catch {
            throw error.with(path: path)
        }
    }

    /// Whoever loads it must make the very same names.
    private func check(_ metainfo: Metainfo) throws(EngineError) {
        if let renaming = metainfo.renamed.first {
            throw EngineError(
                .invalidArgument, operation,
                reason:
                    "\(quoted(renaming.from)) would be made as \(quoted(renaming.to)) by whoever fetches it",
                remedy: "rename it, or give another name for the torrent", path: renaming.from)
        }
        do {
            try metainfo.checkPrivateMode()
        } catch {
            throw EngineError(
                error.code, operation, reason: error.reason, remedy: "give another name for the torrent",
                path: path)
        }
    }
}

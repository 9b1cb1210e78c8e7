import CLibtorrent

/// Owns a `clt_hash_job`.
final class HashJob: @unchecked Sendable {
    // @unchecked: `cancel`, `setRateLimit` and `progress` are the calls that the shim allows from any thread at any time;
    // the others are made by the one thread that runs the job.
    private let pointer: OpaquePointer
    let totalBytes: UInt64

    struct File {
        /// Relative to the root.
        let path: String
        let size: UInt64
        var isPad = false
        /// The file must be this very one.
        var identity: FileIdentity?
    }

    /// - Parameters:
    ///   - threads: 0 for one a core.
    ///   - wanted: A bit for each piece that is to be hashed; nil for all.
    init(
        root: String, files: [File], pieceLength: Int, wanted: [UInt8]? = nil, threads: Int,
        stopAtFailure: Bool, operation: String
    ) throws(EngineError) {
        totalBytes = Self.bytes(of: wanted, files.reduce(0) { $0 &+ $1.size }, UInt64(clamping: pieceLength))
        var paths: [CChar] = []
        for file in files { paths.append(contentsOf: file.path.utf8.map { CChar(bitPattern: $0) }) }
        var out: OpaquePointer?
        var root = root
        try nativeCall(operation) { error in
            paths.withUnsafeBufferPointer { paths in
                let natives = Self.natives(files, paths)
                return withBuffers(natives, wanted ?? []) { natives, wantedBits in
                    root.withUTF8 { root in
                        root.withMemoryRebound(to: CChar.self) { root in
                            var options = clt_hash_options()
                            options.struct_size = UInt32(MemoryLayout<clt_hash_options>.size)
                            options.threads = UInt32(clamping: threads)
                            options.piece_length = UInt64(clamping: pieceLength)
                            options.root = root.baseAddress
                            options.root_length = root.count
                            options.files = natives.baseAddress
                            options.file_count = UInt64(natives.count)
                            options.stop_at_failure = stopAtFailure ? 1 : 0
                            if wanted != nil {
                                options.wanted = wantedBits.baseAddress
                                options.wanted_length = wantedBits.count
                            }
                            return clt_hash_job_new(&options, &out, error)
                        }
                    }
                }
            }
        }
        guard let out else {
            throw EngineError(.internalFailure, operation, reason: "the shim returned nothing")
        }
        pointer = out
    }

    deinit { clt_hash_job_free(pointer) }

    private static func bytes(of wanted: [UInt8]?, _ total: UInt64, _ pieceLength: UInt64) -> UInt64 {
        guard let wanted, total > 0, pieceLength > 0 else { return total }
        let last = (total - 1) / pieceLength
        return (0...last).reduce(0) { sum, piece in
            guard isSet(wanted, Int(clamping: piece)) else { return sum }
            return sum + (piece < last ? pieceLength : total - last * pieceLength)
        }
    }

    static func natives(_ files: [File], _ paths: UnsafeBufferPointer<CChar>) -> [clt_hash_file] {
        var offset = 0
        return files.map { file in
            var native = clt_hash_file()
            native.struct_size = UInt32(MemoryLayout<clt_hash_file>.stride)
            native.flags = file.isPad ? UInt32(CLT_FILE_PAD) : 0
            native.size = file.size
            native.path_length = file.path.utf8.count
            native.path = paths.baseAddress.map { $0 + offset }
            offset += native.path_length
            if let identity = file.identity {
                native.device = identity.device
                native.inode = identity.inode
                native.mtime_ns = identity.modifiedNanoseconds
                native.ctime_ns = identity.changedNanoseconds
            }
            return native
        }
    }

    /// Blocks until all is hashed.
    ///
    /// - Parameter fail: Makes the error of a file that failed, from its index and errno.
    func run(_ operation: String, fail: (Int, Int32) -> EngineError) throws(EngineError) {
        var error = clt_error()
        error.struct_size = UInt32(MemoryLayout<clt_error>.size)
        let code = clt_hash_job_run(pointer, &error)
        guard code != Int32(CLT_OK.rawValue) else { return }
        if error.file_index >= 0 { throw fail(Int(error.file_index), error.system_errno) }
        if code == Int32(CLT_CANCELLED.rawValue) {
            throw EngineError(.cancelled, operation, reason: "the task was cancelled")
        }
        let reason = withUnsafeBytes(of: error.message) {
            String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self)
        }
        let errno = error.system_errno == 0 ? nil : error.system_errno
        throw EngineError(
            EngineError.Code(native: code, systemErrno: errno), operation, reason: reason, systemErrno: errno)
    }

    func cancel() { clt_hash_job_cancel(pointer) }

    /// Bytes a second; 0 for no limit.
    func setRateLimit(_ rate: UInt64) { clt_hash_job_set_rate_limit(pointer, rate) }

    var progress: HashProgress {
        HashProgress(doneBytes: min(clt_hash_job_progress(pointer), totalBytes), totalBytes: totalBytes)
    }

    enum Piece {
        case hashed([UInt8])
        case unreadable
        /// It was not wanted.
        case notHashed
    }

    func piece(_ index: Int) -> Piece {
        var state: Int32 = 0
        var hash = [UInt8](repeating: 0, count: 20)
        let code = clt_hash_job_get_piece(pointer, UInt64(clamping: index), &state, &hash, nil)
        guard code == Int32(CLT_OK.rawValue) else { return .unreadable }
        switch state {
        case Int32(CLT_PIECE_HASHED): return .hashed(hash)
        case Int32(CLT_PIECE_NOT_HASHED): return .notHashed
        default: return .unreadable
        }
    }

    /// The errno that the file met, 0 for none.
    func fileErrno(_ index: Int) -> Int32 {
        var out: Int32 = 0
        let code = clt_hash_job_get_file_errno(pointer, UInt64(clamping: index), &out, nil)
        return code == Int32(CLT_OK.rawValue) ? out : 0
    }

    /// Who the file was when it was read; nil where it was not.
    func fileIdentity(_ index: Int) -> FileIdentity? {
        var out = clt_file_identity()
        out.struct_size = UInt32(MemoryLayout<clt_file_identity>.size)
        let code = clt_hash_job_get_file_identity(pointer, UInt64(clamping: index), &out, nil)
        return code == Int32(CLT_OK.rawValue) ? FileIdentity(out) : nil
    }
}

/// Whether a piece's bit is set, the first piece in the highest bit of the first byte (as in BEP 3's bitfield).
package func isSet(_ bits: [UInt8], _ piece: Int) -> Bool {
    piece >= 0 && piece / 8 < bits.count && bits[piece / 8] & (0x80 >> UInt8(piece % 8)) != 0
}

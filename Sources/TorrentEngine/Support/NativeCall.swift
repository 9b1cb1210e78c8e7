import CLibtorrent

#if canImport(Glibc)
    import Glibc
#endif

/// Calls the shim and turns a result that is not CLT_OK into an `EngineError`.
///
/// - Parameter operation: What is being done to what, for the error's text; evaluated only on failure.
func nativeCall(
    _ operation: @autoclosure () -> String, remedy: String? = nil,
    _ body: (UnsafeMutablePointer<clt_error>) -> Int32
) throws(EngineError) {
    var error = clt_error()
    error.struct_size = UInt32(MemoryLayout<clt_error>.size)
    let code = body(&error)
    guard code != Int32(CLT_OK.rawValue) else { return }
    let reason = withUnsafeBytes(of: error.message) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
    let errno = error.system_errno == 0 ? nil : error.system_errno
    throw EngineError(
        EngineError.Code(native: code, systemErrno: errno), operation(),
        reason: reason.isEmpty ? "the engine gave no reason (code \(code))" : reason, remedy: remedy,
        systemErrno: errno)
}

extension EngineError.Code {
    init(native: Int32, systemErrno: Int32?) {
        switch clt_code(rawValue: UInt32(bitPattern: native)) {
        case CLT_INVALID_ARGUMENT: self = .invalidArgument
        case CLT_NO_MEMORY: self = .outOfMemory
        case CLT_ABI_MISMATCH, CLT_ENGINE_MISMATCH: self = .versionMismatch
        case CLT_NOT_FOUND: self = .torrentNotFound
        case CLT_DUPLICATE: self = .duplicateTorrent
        case CLT_MALFORMED: self = .malformed
        case CLT_LIMIT: self = .limitExceeded
        case CLT_IO: self = EngineError.Code(fileErrno: systemErrno)
        case CLT_NETWORK: self = EngineError.Code(socketErrno: systemErrno)
        case CLT_SHUT_DOWN: self = .shutDown
        case CLT_CANCELLED: self = .cancelled
        case CLT_CHANGED: self = .contentChanged
        case CLT_WRONG_STATE: self = .wrongState
        case CLT_TIMED_OUT: self = .timedOut
        case CLT_MISMATCH: self = .contentMismatch
        default: self = .internalFailure
        }
    }

    /// The code for a failed file-system call.
    init(fileErrno: Int32?) {
        switch fileErrno {
        case ENOENT, ENOTDIR: self = .inputMissing
        case EEXIST, EISDIR: self = .fileExists
        case ESTALE: self = .contentChanged
        case ENOSPC, EDQUOT, EFBIG: self = .diskFull
        case EACCES, EPERM, EROFS: self = .permissionDenied
        case ENOMEM: self = .outOfMemory
        default: self = .inputOutput
        }
    }

    /// The code for a failed socket call.
    init(socketErrno: Int32?) {
        switch socketErrno {
        case EADDRINUSE: self = .addressInUse
        case EADDRNOTAVAIL, ENODEV: self = .addressNotAvailable
        case EACCES, EPERM: self = .permissionDenied
        default: self = .network
        }
    }
}

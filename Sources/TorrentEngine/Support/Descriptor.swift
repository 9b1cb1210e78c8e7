#if canImport(Glibc)
    package import Glibc
#endif

/// A file descriptor that closes itself.
package final class Descriptor: Sendable {
    package let number: Int32

    /// Opens `path` (relative to `folder`, where one is given) with close-on-exec.
    ///
    /// - Parameter mode: Of a file that is made.
    package init(
        _ path: String, _ flags: Int32, mode: mode_t = 0, in folder: Int32 = AT_FDCWD, operation: String
    ) throws(EngineError) {
        var fd: Int32
        repeat { fd = openat(folder, path, flags | O_CLOEXEC, mode) } while fd < 0 && errno == EINTR
        guard fd >= 0 else { throw EngineError(operation, errno: errno, path: path) }
        number = fd
    }

    deinit { close(number) }

    package func status(_ operation: String, path: String) throws(EngineError) -> stat {
        var out = stat()
        guard fstat(number, &out) == 0 else { throw EngineError(operation, errno: errno, path: path) }
        return out
    }

    /// Writes all of the bytes at an offset of the file.
    package func write(
        _ bytes: [UInt8], at offset: UInt64, operation: String, path: String
    ) throws(EngineError) {
        var done = 0
        while done < bytes.count {
            let count = bytes.withUnsafeBytes {
                pwrite(
                    number, $0.baseAddress.map { $0 + done }, bytes.count - done, off_t(offset) + off_t(done))
            }
            if count < 0 && errno == EINTR { continue }
            guard count > 0 else { throw EngineError(operation, errno: count == 0 ? EIO : errno, path: path) }
            done += count
        }
    }
}

import CLibtorrent

#if canImport(Glibc)
    import Glibc
#endif

/// The hash of a whole file.
public enum FileDigest {
    private static let chunk = 1 << 20

    /// The SHA-256 of a file's content, 32 bytes.
    ///
    /// Reads on a thread of its own; cancelling the task ends it early.
    ///
    /// - Parameter path: The path of a regular file; a symbolic link at its end is not followed.
    /// - Throws: `.inputMissing`, `.permissionDenied`, `.inputOutput`, `.unsupported` for what is no regular file,
    ///   `.cancelled`.
    public static func sha256(of path: String) async throws(EngineError) -> [UInt8] {
        let operation = "hash \(quoted(path))"
        return try await HashTask.run(operation, report: nil) { task throws(EngineError) in
            // Without waiting for a pipe's writer.
            let file = try Descriptor(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK, operation: operation)
            guard try file.status(operation, path: path).st_mode & S_IFMT == S_IFREG else {
                throw EngineError(.unsupported, operation, reason: "it is no regular file", path: path)
            }
            var hash: OpaquePointer?
            try nativeCall(operation) { clt_sha256_new(&hash, $0) }
            defer { clt_sha256_free(hash) }
            var buffer = [UInt8](repeating: 0, count: chunk)
            while true {
                try task.checkCancellation(operation)
                let count = buffer.withUnsafeMutableBytes { read(file.number, $0.baseAddress, $0.count) }
                if count < 0, errno == EINTR { continue }
                guard count >= 0 else { throw EngineError(operation, errno: errno, path: path) }
                guard count > 0 else { break }
                try nativeCall(operation) { clt_sha256_update(hash, buffer, count, $0) }
            }
            var digest = [UInt8](repeating: 0, count: 32)
            try nativeCall(operation) { clt_sha256_finish(hash, &digest, $0) }
            return digest
        }
    }
}

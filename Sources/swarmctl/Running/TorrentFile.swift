import TorrentEngine

#if canImport(Glibc)
    import Glibc
#endif

/// A `.torrent` that is written: whole or not at all, and never over something else.
struct TorrentFile: Sendable {
    let path: String

    private var operation: String { "write \(safe(path))" }

    private var folder: String {
        let parts = path.split(separator: "/", omittingEmptySubsequences: false).dropLast()
        let folder = parts.joined(separator: "/")
        return folder.isEmpty ? (path.hasPrefix("/") ? "/" : ".") : folder
    }

    /// Finds out before an hour of hashing that the folder is not there or not ours to write to.
    func checkFolder() throws(EngineError) {
        guard access(folder, W_OK | X_OK) == 0 else { throw failure() }
        var info = stat()
        guard stat(path, &info) == 0, info.st_mode & S_IFMT == S_IFDIR else { return }
        throw inTheWay("it is a folder")
    }

    func write(_ bytes: [UInt8]) async throws(EngineError) {
        try await blocking(operation) { () throws(EngineError) in try writeNow(bytes) }
    }

    private func writeNow(_ bytes: [UInt8]) throws(EngineError) {
        let temporary = "\(folder)/.swarmctl-\(getpid()).tmp"
        let descriptor = open(temporary, O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC | O_WRONLY, 0o666)
        guard descriptor >= 0 else { throw failure() }
        defer {
            close(descriptor)
            unlink(temporary)
        }
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
            if count < 0 && errno == EINTR { continue }
            guard count >= 0 else { throw failure() }
            rest = rest.dropFirst(count)
        }
        guard fsync(descriptor) == 0 else { throw failure() }
        try place(temporary, bytes)
        let folder = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard folder >= 0 else { return }
        fsync(folder)
        close(folder)
    }

    /// A link, unlike a rename, takes nobody's place.
    private func place(_ temporary: String, _ bytes: [UInt8]) throws(EngineError) {
        guard link(temporary, path) != 0 else { return }
        let code = errno
        guard code == EEXIST else {
            // A file system without hard links: VFAT and the like.
            var info = stat()
            guard code == EPERM || code == ENOTSUP || code == ENOSYS, lstat(path, &info) != 0 else {
                throw EngineError(operation, errno: code, path: path)
            }
            guard rename(temporary, path) == 0 else { throw failure() }
            return
        }
        let present = try? readSmallFile(path, limit: bytes.count, operation: operation)
        guard present == bytes else { throw inTheWay("a different file is there already") }
    }

    private func inTheWay(_ reason: String) -> EngineError {
        EngineError(
            .fileExists, operation, reason: reason, remedy: "remove it, or write to another path", path: path)
    }

    private func failure() -> EngineError { EngineError(operation, errno: errno, path: path) }
}

import TorrentEngine

#if canImport(Glibc)
    import Glibc
#endif

/// A state directory belongs to one process at a time: a lock on its file `lock`, which names the holder. It goes with the
/// process, however that ends.
final class StateLock: Sendable {
    private let file: Descriptor

    /// Blocks for moments.
    ///
    /// - Throws: `.inUse` with the holder's process ID.
    init(_ path: String, of directory: String) throws(EngineError) {
        let operation = "use the state directory \(directory)"
        file = try Descriptor(path, O_RDWR | O_CREAT | O_NOFOLLOW, mode: 0o600, operation: operation)
        guard flock(file.number, LOCK_EX | LOCK_NB) == 0 else {
            guard errno == EWOULDBLOCK else { throw FileSystem.failure(operation, path, errno) }
            let holder = try? readSmallFile(path, limit: 32, followsLink: false, operation: operation)
            let pid = holder.flatMap { Int(String(decoding: $0.prefix { $0 != 10 }, as: UTF8.self)) }
            throw EngineError(
                .inUse, operation,
                reason: pid.map { "the process \($0) is using it" } ?? "another process is using it",
                remedy: "end that process, or name another directory", path: directory)
        }
        guard ftruncate(file.number, 0) == 0 else { throw FileSystem.failure(operation, path, errno) }
        try file.write(Array("\(getpid())\n".utf8), at: 0, operation: operation, path: path)
    }

    deinit { release() }

    /// Said, and not left to the close: a program that is being started has the descriptor too, for a moment.
    func release() { _ = flock(file.number, LOCK_UN) }
}

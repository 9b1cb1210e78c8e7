import TorrentEngine

#if canImport(Glibc)
    import Glibc
#endif

/// A listening Unix socket, 0600 in a folder of 0700, that only one process has.
final class ControlSocket: Sendable {
    let path: String
    /// The listening descriptor, until somebody takes it.
    private let number: Locked<Int32?>
    /// Held as long as the socket is served, and let go by the kernel whatever ends the process.
    private let lock: Descriptor
    private let identity: Identity

    private struct Identity: Equatable {
        let device: UInt64
        let inode: UInt64
    }

    /// Blocks for moments.
    ///
    /// - Throws: `.inUse` where a live process serves there; `.permissionDenied` where others could reach the folder or
    ///   own it; `.fileExists` where something else stands there; `.invalidArgument` for a path that is too long;
    ///   `.inputOutput` …
    init(listeningAt path: String) throws(EngineError) {
        let operation = "serve the control socket \(quoted(path))"
        guard path.hasPrefix("/"), path.utf8.count <= ControlSocketPath.maximumBytes, !path.utf8.contains(0)
        else {
            throw EngineError(
                .invalidArgument, operation,
                reason: "a socket's path is absolute and has at most \(ControlSocketPath.maximumBytes) bytes",
                remedy: "name a shorter one", path: path)
        }
        self.path = path
        try Self.prepareFolder(of: path, operation)
        lock = try Self.takeLock(path, operation)
        try Self.removeStale(path, operation)
        number = Locked(try Self.listen(path, operation))
        identity = try Self.identity(path, operation)
    }

    deinit {
        if let number = take() { close(number) }
        // Said, and not left to the close: a program that is being started has the descriptor too, for a moment.
        _ = flock(lock.number, LOCK_UN)
    }

    /// The listening descriptor, which is the caller's to close from now on; nil where it was taken before.
    func take() -> Int32? {
        number.withLock { number in
            defer { number = nil }
            return number
        }
    }

    /// Takes the socket away, where it is still ours. Who waits on it is let go when the descriptor is closed.
    func unlink() {
        guard (try? Self.identity(path, "")) == identity else { return }
        _ = Glibc.unlink(path)
    }

    private static func prepareFolder(of path: String, _ operation: String) throws(EngineError) {
        let folder = String(path[..<(path.lastIndex(of: "/") ?? path.startIndex)])
        if mkdir(folder, 0o700) != 0, errno != EEXIST {
            throw EngineError(operation, errno: errno, path: folder)
        }
        let descriptor = try Descriptor(folder, O_RDONLY | O_DIRECTORY | O_NOFOLLOW, operation: operation)
        let status = try descriptor.status(operation, path: folder)
        guard status.st_uid == geteuid() else {
            throw EngineError(
                .permissionDenied, operation, reason: "the folder \(folder) belongs to user \(status.st_uid)",
                remedy: "use a folder of the user that runs the node", path: folder)
        }
        guard status.st_mode & 0o077 == 0 else {
            throw EngineError(
                .permissionDenied, operation, reason: "others have access to the folder \(folder)",
                remedy: "chmod 700 \(folder)", path: folder)
        }
    }

    private static func takeLock(_ path: String, _ operation: String) throws(EngineError) -> Descriptor {
        let lock = try Descriptor(
            path + ".lock", O_RDWR | O_CREAT | O_NOFOLLOW, mode: 0o600, operation: operation)
        guard flock(lock.number, LOCK_EX | LOCK_NB) == 0 else { throw inUse(path, operation) }
        return lock
    }

    private static func removeStale(_ path: String, _ operation: String) throws(EngineError) {
        var status = stat()
        guard lstat(path, &status) == 0 else {
            guard errno == ENOENT else { throw EngineError(operation, errno: errno, path: path) }
            return
        }
        guard status.st_mode & S_IFMT == S_IFSOCK else {
            throw EngineError(
                .fileExists, operation, reason: "what stands there is no socket", remedy: "name another path",
                path: path)
        }
        // Ours by its lock; but another program may serve there without one.
        let probe = try socket(operation)
        defer { close(probe) }
        if withAddress(path, { connect(probe, $0, $1) }) == 0 { throw inUse(path, operation) }
        guard errno == ECONNREFUSED else { throw EngineError(operation, errno: errno, path: path) }
        guard Glibc.unlink(path) == 0 else { throw EngineError(operation, errno: errno, path: path) }
    }

    private static func listen(_ path: String, _ operation: String) throws(EngineError) -> Int32 {
        let number = try socket(operation)
        // Before it has a name: so there is no moment at which others could connect.
        guard fchmod(number, 0o600) == 0, withAddress(path, { bind(number, $0, $1) }) == 0,
            Glibc.listen(number, 128) == 0
        else {
            let error = EngineError(operation, errno: errno, path: path)
            close(number)
            throw error
        }
        return number
    }

    private static func socket(_ operation: String) throws(EngineError) -> Int32 {
        let number = Glibc.socket(
            AF_UNIX, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        guard number >= 0 else { throw EngineError(operation, errno: errno, path: nil) }
        return number
    }

    private static func identity(_ path: String, _ operation: String) throws(EngineError) -> Identity {
        var status = stat()
        guard lstat(path, &status) == 0 else { throw EngineError(operation, errno: errno, path: path) }
        return Identity(device: UInt64(status.st_dev), inode: UInt64(status.st_ino))
    }

    private static func inUse(_ path: String, _ operation: String) -> EngineError {
        EngineError(
            .inUse, operation, reason: "another process serves there",
            remedy: "stop that node, or name another socket", path: path)
    }

    /// Calls `bind`, `connect` or the like with the address of a socket at `path`, which ``ControlSocketPath`` finds short
    /// enough.
    static func withAddress(
        _ path: String, _ call: (UnsafePointer<sockaddr>, socklen_t) -> Int32
    ) -> Int32 {
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
        return withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                call($0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
    }
}

#if canImport(Glibc)
    import Glibc
#endif

/// Finds the files of a folder, or takes a single file, for a torrent: never through a symbolic link, in the
/// byte order of the paths' components.
struct ContentWalk {
    struct Found {
        /// Below the root, '/'-separated.
        let path: String
        let isExecutable: Bool
        let identity: FileIdentity
    }

    /// The folder that the paths of `files` are relative to.
    private(set) var root: String
    /// Whether the path that was given is a file, which is then the one in `files`.
    private(set) var isSingleFile = false
    /// The last component of the path that was given.
    private(set) var name: String
    private(set) var files: [Found] = []
    private(set) var skipped: [TorrentCreator.Skipped] = []

    private let operation: String
    private let skipHidden: Bool
    private let maxFiles: Int
    private let task: HashTask

    /// Deeper folders would take a descriptor each, and no client makes such paths.
    private static let maxDepth = 128

    init(
        _ path: String, skipHidden: Bool, maxFiles: Int, task: HashTask, operation: String
    ) throws(EngineError) {
        self.operation = operation
        self.skipHidden = skipHidden
        self.maxFiles = maxFiles
        self.task = task
        // "link/" would be the folder that the link points to.
        // Slashes are looked for among bytes: a combining mark after one makes another character of it.
        let slash = UInt8(ascii: "/")
        var trimmed = path.utf8[...]
        while trimmed.count > 1 && trimmed.last == slash { trimmed = trimmed.dropLast() }
        let given = Substring(trimmed)
        var status = stat()
        guard !given.utf8.contains(0), lstat(String(given), &status) == 0 else {
            throw EngineError(operation, errno: given.utf8.contains(0) ? EINVAL : errno, path: path)
        }
        guard status.st_mode & S_IFMT != S_IFLNK else {
            throw EngineError(
                .invalidArgument, operation, reason: "it is a symbolic link",
                remedy: "name the file or folder that it points to", path: path)
        }
        // The folders above may be reached through links: they are the user's own choice.
        guard let resolved = realpath(String(given), nil) else {
            throw EngineError(operation, errno: errno, path: path)
        }
        defer { free(resolved) }
        guard let whole = String(validatingCString: resolved) else {
            throw Self.notUTF8(operation, path: String(cString: resolved))
        }
        let lastSlash = whole.utf8.lastIndex(of: slash) ?? whole.startIndex
        name = String(Substring(whole.utf8[lastSlash...].dropFirst()))
        root = whole
        switch status.st_mode & S_IFMT {
        case S_IFDIR:
            let folder = try Descriptor(
                whole, O_RDONLY | O_DIRECTORY | O_NOFOLLOW, operation: operation)
            try walk(folder, path: "", depth: 0)
        case S_IFREG:
            isSingleFile = true
            root = String(whole[...lastSlash])
            add(name, status)
        default:
            throw EngineError(
                .invalidArgument, operation, reason: "it is neither a regular file nor a folder", path: path)
        }
    }

    private mutating func walk(_ folder: Descriptor, path: String, depth: Int) throws(EngineError) {
        try task.checkCancellation(operation)
        let names = try entries(of: folder, path: path)
        if names.isEmpty && !path.isEmpty { skip(path, .emptyFolder) }
        for name in names {
            let below = path.isEmpty ? name : path + "/" + name
            guard !(skipHidden && name.utf8.first == UInt8(ascii: ".")) else {
                skip(below, .hidden)
                continue
            }
            var status = stat()
            guard fstatat(folder.number, name, &status, AT_SYMLINK_NOFOLLOW) == 0 else {
                throw EngineError(operation, errno: errno, path: full(below))
            }
            switch status.st_mode & S_IFMT {
            case S_IFREG:
                guard files.count < maxFiles else {
                    throw EngineError(
                        .limitExceeded, operation, reason: "there are more than \(maxFiles) files",
                        remedy: "pack some of them into an archive, or raise the limit everywhere",
                        path: full(below))
                }
                add(below, status)
            case S_IFDIR:
                guard depth < Self.maxDepth else {
                    throw EngineError(
                        .limitExceeded, operation, reason: "folders are nested deeper than \(Self.maxDepth)",
                        path: full(below))
                }
                do throws(EngineError) {
                    let next = try Descriptor(
                        name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW, in: folder.number, operation: operation)
                    try walk(next, path: below, depth: depth + 1)
                } catch {
                    throw error.path == name ? error.with(path: full(below)) : error
                }
            case S_IFLNK: skip(below, .symbolicLink)
            default: skip(below, .specialFile)
            }
        }
    }

    /// The names in a folder, in byte order.
    private func entries(of folder: Descriptor, path: String) throws(EngineError) -> [String] {
        // A descriptor of its own, since closedir closes it.
        let duplicate = fcntl(folder.number, F_DUPFD_CLOEXEC, 0)
        guard duplicate >= 0, let stream = fdopendir(duplicate) else {
            let code = errno
            if duplicate >= 0 { close(duplicate) }
            throw EngineError(operation, errno: code, path: full(path))
        }
        defer { closedir(stream) }
        var names: [String] = []
        while true {
            errno = 0
            guard let entry = readdir(stream) else { break }
            let start = UnsafeRawPointer(entry) + (MemoryLayout<dirent>.offset(of: \.d_name) ?? 0)
            let raw = start.assumingMemoryBound(to: CChar.self)
            guard let name = String(validatingCString: raw) else {
                throw Self.notUTF8(operation, path: full(path) + "/" + String(cString: raw))
            }
            if name != "." && name != ".." { names.append(name) }
        }
        guard errno == 0 else { throw EngineError(operation, errno: errno, path: full(path)) }
        return names.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
    }

    private mutating func add(_ path: String, _ status: stat) {
        files.append(
            Found(path: path, isExecutable: status.st_mode & S_IXUSR != 0, identity: FileIdentity(status)))
    }

    private mutating func skip(_ path: String, _ reason: TorrentCreator.SkipReason) {
        skipped.append(TorrentCreator.Skipped(path: path, reason: reason))
    }

    private func full(_ path: String) -> String { path.isEmpty ? root : root + "/" + path }

    private static func notUTF8(_ operation: String, path: String) -> EngineError {
        EngineError(
            .invalidArgument, operation, reason: "the name \(quoted(path)) is not UTF-8",
            remedy: "rename it", path: path)
    }
}

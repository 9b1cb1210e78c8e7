import TorrentEngine

#if canImport(Glibc)
    package import Glibc
#endif

/// The few file-system calls that a fetch needs, none of which follows a symbolic link at the last component. All
/// block.
enum FileSystem {
    enum Kind {
        case file, folder, link, other
    }

    /// What stands at a path; nil where nothing does.
    static func kind(of path: String) -> Kind? {
        var info = stat()
        guard lstat(path, &info) == 0 else { return nil }
        return switch info.st_mode & S_IFMT {
        case S_IFREG: .file
        case S_IFDIR: .folder
        case S_IFLNK: .link
        default: .other
        }
    }

    /// The components of a path, empty ones too, as the system sees them: by bytes. To Swift a slash with a combining
    /// character after it is another character than a slash.
    static func components(of path: String) -> [String] {
        path.utf8.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false).map {
            String(Substring($0))
        }
    }

    static func requireFolder(_ path: String, operation: String) throws(EngineError) {
        guard kind(of: path) == .folder else {
            throw EngineError(
                .fileExists, operation, reason: "\(quoted(path)) is not a folder", remedy: "move it away",
                path: path)
        }
    }

    /// The names in a folder; none where it cannot be read.
    static func entries(of folder: String) -> [String] {
        guard let directory = opendir(folder) else { return [] }
        defer { closedir(directory) }
        var names: [String] = []
        while let entry = readdir(directory) {
            let name = withUnsafePointer(to: entry.pointee.d_name) {
                $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            if name != ".", name != ".." { names.append(name) }
        }
        return names
    }

    /// Makes a folder; one that stands there already is fine, anything else is not.
    static func makeFolder(_ path: String, mode: mode_t, operation: String) throws(EngineError) {
        guard mkdir(path, mode) != 0 else { return }
        let code = errno
        guard code == EEXIST else { throw failure(operation, path, code) }
        try requireFolder(path, operation: operation)
    }

    /// Refuses what the system cannot take, or would take for another path.
    static func requirePath(_ path: String, operation: String) throws(EngineError) {
        let reason: String? =
            if path.utf8.contains(0) {
                "a path ends at a NUL"
            } else if path.utf8.count >= PATH_MAX
                || path.utf8.split(separator: UInt8(ascii: "/")).contains(where: { $0.count > NAME_MAX })
            {
                "a path has at most \(PATH_MAX - 1) bytes, and each name in it \(NAME_MAX)"
            } else {
                nil
            }
        guard let reason else { return }
        throw EngineError(.invalidArgument, operation, reason: reason, remedy: "name another folder")
    }

    /// Makes a folder and those above it.
    static func makeFolders(_ path: String, operation: String) throws(EngineError) {
        try requirePath(path, operation: operation)
        try makeFolders(path[...], operation)
    }

    private static func makeFolders(_ given: Substring, _ operation: String) throws(EngineError) {
        let path = String(given)
        var info = stat()
        if stat(path, &info) == 0 {
            guard info.st_mode & S_IFMT == S_IFDIR else {
                throw EngineError(
                    .fileExists, operation, reason: "\(quoted(path)) is not a folder",
                    remedy: "name a folder",
                    path: path)
            }
            return
        }
        guard errno != ELOOP else {
            throw EngineError(
                .invalidArgument, operation, reason: "the symbolic links on its way have no end",
                remedy: "name another folder", path: path)
        }
        // By bytes: to Swift a slash with a combining character after it is no slash.
        let slash = UInt8(ascii: "/")
        let name = given.utf8.lastIndex { $0 != slash }.flatMap { given.utf8[...$0].lastIndex(of: slash) }
        let above = name.map { given[..<$0] } ?? ""
        if above.utf8.contains(where: { $0 != slash }) { try makeFolders(above, operation) }
        guard mkdir(path, 0o777) == 0 || errno == EEXIST else { throw failure(operation, path, errno) }
        // What is synced in it later is lost with it, unless it is itself an entry that stays.
        try synchronise(above.isEmpty ? (path.utf8.first == slash ? "/" : ".") : String(above), operation)
    }

    /// Makes an entry that must not be there yet.
    static func createExclusively(_ path: String, isFolder: Bool, operation: String) throws(EngineError) {
        if isFolder {
            guard mkdir(path, 0o777) == 0 else { throw failure(operation, path, errno) }
        } else {
            let descriptor = open(path, O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC | O_WRONLY, 0o666)
            guard descriptor >= 0 else { throw failure(operation, path, errno) }
            close(descriptor)
        }
    }

    static func writeAtomically(_ bytes: [UInt8], to path: String, _ operation: String) throws(EngineError) {
        let temporary = path + ".new"
        unlink(temporary)
        let descriptor = open(temporary, O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC | O_WRONLY, 0o600)
        guard descriptor >= 0 else { throw failure(operation, temporary, errno) }
        defer { close(descriptor) }
        var rest = bytes[...]
        while !rest.isEmpty {
            let written = rest.withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) }
            if written < 0, errno == EINTR { continue }
            guard written >= 0 else {
                let code = errno
                unlink(temporary)
                throw failure(operation, temporary, code)
            }
            rest = rest.dropFirst(written)
        }
        guard fsync(descriptor) == 0, rename(temporary, path) == 0 else {
            let code = errno
            unlink(temporary)
            throw failure(operation, path, code)
        }
        let folder = path.split(separator: "/", omittingEmptySubsequences: false).dropLast().joined(
            separator: "/")
        try synchronise(folder.isEmpty ? "/" : folder, operation)
    }

    /// A small file of ours.
    static func read(_ path: String, limit: Int) throws(EngineError) -> [UInt8] {
        let descriptor = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC)
        guard descriptor >= 0 else { throw failure("read \(quoted(path))", path, errno) }
        defer { close(descriptor) }
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 16 << 10)
        while bytes.count < limit {
            let count = Glibc.read(descriptor, &buffer, buffer.count)
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { throw failure("read \(quoted(path))", path, errno) }
            guard count > 0 else { break }
            bytes += buffer[..<count]
        }
        return bytes
    }

    /// Makes a folder's entries durable.
    static func synchronise(_ folder: String, _ operation: String) throws(EngineError) {
        let descriptor = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { throw failure(operation, folder, errno) }
        defer { close(descriptor) }
        guard fsync(descriptor) == 0 || errno == EINVAL else { throw failure(operation, folder, errno) }
    }

    /// Bytes that may still be written on the file system of a folder.
    static func freeBytes(at folder: String, operation: String) throws(EngineError) -> UInt64 {
        var info = statvfs()
        guard statvfs(folder, &info) == 0 else { throw failure(operation, folder, errno) }
        return info.freeBytes
    }

    static func failure(_ operation: String, _ path: String, _ code: Int32) -> EngineError {
        EngineError(operation, errno: code, path: path)
    }
}

extension FileSystem {
    /// The absolute path of something that exists, without symbolic links.
    static func resolve(_ path: String, operation: String) throws(EngineError) -> String {
        try requirePath(path, operation: operation)
        guard let resolved = realpath(path, nil) else { throw failure(operation, path, errno) }
        defer { free(resolved) }
        return String(cString: resolved)
    }
}

extension FileSystem {
    /// How many names a file has; 0 where it is not there.
    static func linkCount(of path: String) -> UInt64 {
        var info = stat()
        return lstat(path, &info) == 0 ? UInt64(info.st_nlink) : 0
    }

    /// A file's size in bytes; nil where it is not there.
    static func size(of path: String) -> UInt64? {
        var info = stat()
        return lstat(path, &info) == 0 ? UInt64(max(0, info.st_size)) : nil
    }

    static func truncate(_ path: String, to size: UInt64, operation: String) throws(EngineError) {
        let descriptor = open(path, O_WRONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC)
        guard descriptor >= 0 else { throw failure(operation, path, errno) }
        defer { close(descriptor) }
        guard ftruncate(descriptor, off_t(size)) == 0 else { throw failure(operation, path, errno) }
    }
}

extension FileSystem {
    /// Removes an entry with everything in it, as far as it can; a symbolic link is removed and not followed.
    static func removeTree(_ path: String) {
        guard kind(of: path) == .folder else {
            unlink(path)
            return
        }
        for name in entries(of: path) { removeTree("\(path)/\(name)") }
        rmdir(path)
    }

    /// Renames a file within a file system; false where something stands there already.
    static func moveExclusively(
        _ from: String, to target: String, operation: String
    ) throws(EngineError) -> Bool {
        guard kind(of: target) == nil else { return false }
        do throws(EngineError) {
            // What the rename replaces is our own empty file.
            try createExclusively(target, isFolder: false, operation: operation)
        } catch {
            guard error.code == .fileExists else { throw error }
            return false
        }
        guard rename(from, target) == 0 else {
            let code = errno
            unlink(target)
            throw failure(operation, target, code)
        }
        return true
    }
}

extension statvfs {
    /// Bytes that may still be written; as many as there can be where the file system says more.
    package var freeBytes: UInt64 {
        let (bytes, overflows) = UInt64(f_bavail).multipliedReportingOverflow(by: UInt64(f_frsize))
        return overflows ? .max : bytes
    }
}

import TorrentEngine

#if canImport(Glibc)
    import Glibc
#endif

/// Where a torrent's content goes: `folder/<name>`, and nothing outside it. All calls block.
struct Destination: Sendable {
    /// What stands there, and the hold on it, to be kept while the fetch runs.
    struct Claim: Sendable {
        let content: Content
        let hold: FetchHold
    }

    enum Content {
        /// Nothing stood there; an empty entry does now, and it is ours.
        case fresh
        /// Something stands there that is ours to continue, or to adopt: what of it is good must be hashed.
        case existing
    }

    /// Absolute, without symbolic links.
    let folder: String
    let metainfo: Metainfo
    /// Which files this fetch wants; nil: all of them.
    let wanted: Set<Int>?

    var record: FetchRecord { FetchRecord(folder: folder, name: metainfo.name) }
    var path: String { "\(folder)/\(onlyFile?.path ?? metainfo.name)" }
    private var operation: String { "fetch \(quoted(metainfo.name)) into \(quoted(folder))" }
    var isSingleFile: Bool { onlyFile != nil }
    /// The file that the torrent is, where it is no folder.
    private var onlyFile: Metainfo.File? {
        metainfo.files.first { !$0.isPad && !$0.path.utf8.contains(UInt8(ascii: "/")) }
    }

    /// The folder itself: made where it is missing, and resolved.
    static func resolveFolder(_ folder: String) throws(EngineError) -> String {
        let operation = "fetch into \(quoted(folder))"
        try FileSystem.makeFolders(folder, operation: operation)
        let path = try FileSystem.resolve(folder, operation: operation)
        guard access(path, W_OK | X_OK) == 0 else { throw FileSystem.failure(operation, path, errno) }
        return path
    }

    /// Makes the destination ours, or refuses: whatever stands there without our record stays untouched.
    func claim(adopting: Bool) throws(EngineError) -> Claim {
        let hold = try record.hold()
        let recorded = try record.metainfo()
        do throws(EngineError) {
            let content = try claim(adopting: adopting, recorded: recorded)
            let isBack = try takeUpSelection(isContinued: recorded != nil)
            return Claim(content: isBack ? .existing : content, hold: hold)
        } catch {
            // A record without an entry of ours would call a stranger's file ours.
            if recorded == nil { record.remove() }
            throw error
        }
    }

    private func claim(adopting: Bool, recorded: Metainfo?) throws(EngineError) -> Content {
        if let recorded, recorded.infoHash != metainfo.infoHash {
            throw EngineError(
                .fileExists, operation, reason: "an unfinished fetch of another torrent stands there",
                remedy: "finish that one first, or fetch into another folder", path: path)
        }
        guard let kind = FileSystem.kind(of: path) else {
            if recorded == nil { try record.write(metainfo) }
            try FileSystem.createExclusively(path, isFolder: !isSingleFile, operation: operation)
            return .fresh
        }
        guard recorded != nil || adopting else {
            throw EngineError(
                .fileExists, operation,
                reason: "\(quoted(path)) is there already, and no fetch of ours wrote it",
                remedy: "move it away, fetch into another folder, or take over what verifies with --adopt",
                path: path)
        }
        guard kind == (isSingleFile ? .file : .folder) else {
            throw EngineError(
                .fileExists, operation,
                reason: "\(quoted(path)) is not the kind of entry that the torrent makes",
                remedy: "move it away", path: path)
        }
        try refuseObstacles()
        if recorded == nil { try record.write(metainfo) }
        return .existing
    }

    /// Refuses before the first byte what would not fit.
    func requireSpace(for bytes: UInt64) throws(EngineError) {
        let free = try FileSystem.freeBytes(at: folder, operation: operation)
        guard free < bytes else { return }
        throw EngineError(
            .diskFull, operation, reason: "\(bytes) bytes are needed and \(free) are free",
            remedy: "free some space, or fetch into a folder on another disk", path: folder)
    }

    /// Gives up a claim under which nothing was written.
    func release() {
        if isSingleFile { unlink(path) } else { rmdir(path) }
        record.remove()
    }

    /// The engine follows symbolic links and overwrites what it finds: so nothing that a file's path goes through
    /// may be anything but a folder, and nothing at its end anything but a regular file with one name.
    private func refuseObstacles() throws(EngineError) {
        var seen: Set<String> = []
        for file in metainfo.files where !file.isPad {
            let components = FileSystem.components(of: file.path)
            var at = folder
            for (depth, component) in components.enumerated() {
                at += "/" + component
                let isLast = depth == components.count - 1
                guard isLast || seen.insert(at).inserted else { continue }
                guard let kind = FileSystem.kind(of: at) else { break }
                guard kind == (isLast ? .file : .folder) else {
                    throw obstacle(at, kind == .link ? "is a symbolic link" : "is in the way")
                }
                if isLast, FileSystem.linkCount(of: at) != 1 {
                    throw obstacle(at, "has other names too (hard links)")
                }
            }
        }
    }

    /// A file that is longer than the torrent says would stay so. Only once nothing else can refuse the fetch.
    func cutWhatIsTooLong() throws(EngineError) {
        for file in metainfo.files where !file.isPad {
            let path = "\(folder)/\(file.path)"
            guard let size = FileSystem.size(of: path), size > file.sizeBytes else { continue }
            try FileSystem.truncate(path, to: file.sizeBytes, operation: operation)
        }
    }

    private func obstacle(_ path: String, _ reason: String) -> EngineError {
        EngineError(
            .fileExists, operation, reason: "\(quoted(path)) \(reason)", remedy: "move it away", path: path)
    }
}

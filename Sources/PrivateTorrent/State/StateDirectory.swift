import NodeInterface
import TorrentEngine

#if canImport(Glibc)
    import Glibc
#endif

/// The files in which torrents outlast the process: see Docs/State.md.
///
/// Every call blocks, and none is to be made while another one runs on the same torrent.
final class StateDirectory: Sendable {
    /// Absolute, without symbolic links.
    let path: String
    let limits: MetainfoLimits
    private let lock: StateLock

    private static let index = "index.json"
    private static let lockFile = "lock"
    /// There while a process runs, and left behind by one that did not end as it should.
    private static let marker = "running"
    private static let torrents = "torrents"
    private static let quarantine = "quarantine"

    /// A state directory that was just opened.
    struct Opened {
        let directory: StateDirectory
        let index: StateIndex
        let report: StateReport
    }

    /// Opens a directory, or makes one (mode 0700), and takes its lock.
    ///
    /// - Throws: `.inUse`, `.fileExists` (what stands there is no state directory), `.permissionDenied` (others have
    ///   access to it), `.unsupported` (a newer version wrote it), `.diskFull`, `.inputOutput`.
    static func open(_ path: String, limits: MetainfoLimits = .standard) throws(EngineError) -> Opened {
        let directory = try StateDirectory(path, limits: limits)
        let operation = "open the state directory \(directory.path)"
        let wasUnclean = FileSystem.kind(of: directory.full(marker)) != nil
        for folder in ["", "\(torrents)/"] {
            for name in FileSystem.entries(of: directory.full(folder)) where name.hasSuffix(".new") {
                unlink(directory.full(folder + name))
            }
        }
        var report = StateReport(wasUnclean: wasUnclean, isRebuilt: false, problems: [])
        var index = try directory.readIndex(&report)
        for infoHash in index.removed where index.entries[infoHash] == nil {
            directory.removeFiles(of: infoHash)
        }
        index.removed.removeAll()
        try directory.findStrays(index, &report)
        if report.isRebuilt { try directory.write(index) }
        try FileSystem.writeAtomically(
            Array("\(getpid())\n".utf8), to: directory.full(marker), operation)
        return Opened(directory: directory, index: index, report: report)
    }

    private init(_ path: String, limits: MetainfoLimits) throws(EngineError) {
        let operation = "open the state directory \(quoted(path))"
        let isNew = FileSystem.kind(of: path) == nil
        if isNew {
            let parent = path.split(separator: "/", omittingEmptySubsequences: false).dropLast()
                .joined(separator: "/")
            let above = parent.isEmpty ? (path.hasPrefix("/") ? "/" : ".") : parent
            try FileSystem.makeFolders(above, operation: operation)
            try FileSystem.makeFolder(path, mode: 0o700, operation: operation)
            try FileSystem.synchronise(above, operation)
        }
        let real = try FileSystem.resolve(path, operation: operation)
        try Self.checkAccess(real, operation)
        let found = Set(FileSystem.entries(of: real))
        guard found.isEmpty || found.contains(Self.lockFile) || found.contains(Self.index) else {
            throw EngineError(
                .fileExists, operation, reason: "it has files, and none of a state directory",
                remedy: "name a folder that is empty, or not there yet", path: real)
        }
        self.path = real
        self.limits = limits
        lock = try StateLock("\(real)/\(Self.lockFile)", of: real)
        try FileSystem.makeFolder(full(Self.torrents), mode: 0o700, operation: operation)
        try FileSystem.makeFolder(full(Self.quarantine), mode: 0o700, operation: operation)
        try FileSystem.synchronise(real, operation)
    }

    /// The members of every swarm stand in it: it is nobody else's business.
    private static func checkAccess(_ path: String, _ operation: String) throws(EngineError) {
        try FileSystem.requireFolder(path, operation: operation)
        var info = stat()
        guard stat(path, &info) == 0 else { throw FileSystem.failure(operation, path, errno) }
        guard info.st_uid == geteuid(), info.st_mode & 0o077 == 0 else {
            throw EngineError(
                .permissionDenied, operation, reason: "others than its owner have access to it",
                remedy: "chmod 700 \(path), as the user that this process runs as", path: path)
        }
    }

    private func full(_ name: String) -> String { name.isEmpty ? path : "\(path)/\(name)" }

    private func torrentFile(_ infoHash: InfoHash) -> String { "\(Self.torrents)/\(infoHash).torrent" }

    private func resumeFile(_ infoHash: InfoHash) -> String { "\(Self.torrents)/\(infoHash).resume" }

    /// The run has ended as it should.
    func markClean() throws(EngineError) {
        let operation = "close the state directory \(quoted(path))"
        guard unlink(full(Self.marker)) == 0 || errno == ENOENT else {
            throw FileSystem.failure(operation, full(Self.marker), errno)
        }
        try FileSystem.synchronise(path, operation)
    }

    /// Lets another process have the directory. Nothing is to be written after that.
    func unlock() { lock.release() }

    // MARK: - The index

    func write(_ index: StateIndex) throws(EngineError) {
        try FileSystem.writeAtomically(
            index.encoded(), to: full(Self.index), "write the index of \(quoted(path))")
    }

    private func readIndex(_ report: inout StateReport) throws(EngineError) -> StateIndex {
        let operation = "read the index of \(quoted(path))"
        let file = full(Self.index)
        guard FileSystem.kind(of: file) != nil else {
            let isNew = FileSystem.entries(of: full(Self.torrents)).isEmpty
            return isNew ? StateIndex() : try rebuild("it is not there", &report)
        }
        do throws(EngineError) {
            return try StateIndex(
                parsing: readSmallFile(
                    file, limit: StateIndex.maximumBytes, followsLink: false, operation: operation))
        } catch {
            // A newer version's is nothing to be made anew, and what cannot be read today may be there tomorrow.
            switch error.code {
            case .malformed, .limitExceeded: return try rebuild(error.reason, &report)
            default: throw error
            }
        }
    }

    /// Makes an index out of the torrents: what stood in it alone is lost.
    private func rebuild(_ reason: String, _ report: inout StateReport) throws(EngineError) -> StateIndex {
        report.isRebuilt = true
        note(
            nil, Self.index, reason, "it was made anew: nobody is a member of any torrent, and none runs",
            &report)
        var index = StateIndex()
        for name in FileSystem.entries(of: full(Self.torrents)).sorted() where name.hasSuffix(".torrent") {
            guard let infoHash = Self.infoHash(of: name),
                let metainfo = torrent(infoHash, &report)
            else { continue }
            let saved = content(of: metainfo, &report)
            var entry = TorrentEntry(
                infoHash, role: .unknown, saveFolder: saved?.saveFolder,
                addedTime: .init(milliseconds: (saved?.resume.addedTime ?? 0) &* 1000))
            entry.isStarted = false
            entry.isComplete = saved.map { $0.resume.hadPieces == metainfo.pieceCount } ?? false
            index.entries[infoHash] = entry
        }
        return index
    }

    /// Files that belong to no torrent of the index: one that was not quite added, or not quite removed.
    private func findStrays(_ index: StateIndex, _ report: inout StateReport) throws(EngineError) {
        for name in FileSystem.entries(of: full(Self.torrents)).sorted() {
            if let infoHash = Self.infoHash(of: name), index.entries[infoHash] != nil { continue }
            note(
                Self.infoHash(of: name), "\(Self.torrents)/\(name)", "no torrent of the index has it",
                "it is not used", &report)
        }
    }

    private static func infoHash(of name: String) -> InfoHash? {
        let parts = name.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count == 2, parts[1] == "torrent" || parts[1] == "resume" else { return nil }
        // In the one form in which we write it.
        return (try? InfoHash(parsing: String(parts[0]))).flatMap { $0.description == parts[0] ? $0 : nil }
    }

    // MARK: - A torrent's files

    func write(_ metainfo: Metainfo) throws(EngineError) {
        try FileSystem.writeAtomically(
            metainfo.sanitisedTorrent, to: full(torrentFile(metainfo.infoHash)),
            "save torrent \(metainfo.infoHash)")
    }

    /// - Parameter bytes: What `content.resume` was read from.
    func write(_ content: SavedContent, _ bytes: [UInt8]) throws(EngineError) {
        let infoHash = content.resume.infoHash
        try FileSystem.writeAtomically(
            content.encoded(bytes), to: full(resumeFile(infoHash)), "save the state of torrent \(infoHash)")
    }

    /// The metadata of a torrent.
    ///
    /// - Throws: `.inputMissing` where it was never known, `.malformed`, `.contentMismatch` where it is that of another.
    func torrent(_ infoHash: InfoHash) throws(EngineError) -> Metainfo {
        let operation = "load torrent \(infoHash)"
        let metainfo = try Metainfo(
            bytes: readSmallFile(
                full(torrentFile(infoHash)), limit: limits.maxBytes, followsLink: false, operation: operation),
            limits: limits)
        guard metainfo.infoHash == infoHash else {
            throw EngineError(.contentMismatch, operation, reason: "it is torrent \(metainfo.infoHash)")
        }
        return metainfo
    }

    /// The metadata of a torrent; nil where it was never known, or is broken, which is then reported.
    func torrent(_ infoHash: InfoHash, _ report: inout StateReport) -> Metainfo? {
        let name = torrentFile(infoHash)
        guard FileSystem.kind(of: full(name)) != nil else { return nil }
        do throws(EngineError) {
            return try torrent(infoHash)
        } catch {
            note(infoHash, name, error.reason, "its metadata must be had anew", &report)
            return nil
        }
    }

    /// What was last saved of a torrent's content; nil where nothing was, or it is broken, which is then reported.
    func content(of metainfo: Metainfo, _ report: inout StateReport) -> SavedContent? {
        let name = resumeFile(metainfo.infoHash)
        guard FileSystem.kind(of: full(name)) != nil else { return nil }
        do throws(EngineError) {
            return try SavedContent(
                parsing: readSmallFile(
                    full(name), limit: SavedContent.maximumBytes, followsLink: false,
                    operation: "load the state of torrent \(metainfo.infoHash)"),
                of: metainfo, limits: limits)
        } catch {
            note(metainfo.infoHash, name, error.reason, "its content is hashed anew", &report)
            return nil
        }
    }

    func removeContent(of infoHash: InfoHash) {
        unlink(full(resumeFile(infoHash)))
        synchroniseRemoval()
    }

    /// Forgets a torrent that is no longer in the index.
    func removeFiles(of infoHash: InfoHash) {
        unlink(full(torrentFile(infoHash)))
        unlink(full(resumeFile(infoHash)))
        synchroniseRemoval()
    }

    /// A power cut would bring them back otherwise, and with them claims about files that are no more, for a torrent that
    /// was added again meanwhile.
    private func synchroniseRemoval() {
        try? FileSystem.synchronise(full(Self.torrents), "remove what was saved of a torrent")
    }

    /// Moves what is broken out of the way, and says so.
    private func note(
        _ infoHash: InfoHash?, _ name: String, _ reason: String, _ consequence: String,
        _ report: inout StateReport
    ) {
        let last = name.split(separator: "/").last.map(String.init) ?? name
        var moved: String?
        if FileSystem.kind(of: full(name)) != nil {
            // Nothing that was kept before is written over; a link is moved, not what it leads to.
            for number in 1... {
                let target = full("\(Self.quarantine)/\(last).\(number)")
                guard FileSystem.kind(of: target) == nil else { continue }
                if rename(full(name), target) == 0 { moved = target }
                break
            }
            try? FileSystem.synchronise(full(Self.quarantine), "quarantine \(quoted(name))")
        }
        report.problems.append(
            StateProblem(
                infoHash: infoHash, file: full(name), quarantined: moved, reason: reason,
                consequence: consequence))
    }
}

import NodeInterface
import NodeSupport
public import TorrentEngine

/// How a torrent is added to a store.
public struct StoredAdding: Sendable {
    /// Whether it is started; false: it is kept, paused.
    public var isStarted = true
    /// Bytes a second; 0 for no limit.
    public var uploadLimit: UInt32 = 0
    /// Bytes a second; 0 for no limit.
    public var downloadLimit: UInt32 = 0
    /// Which files to fetch. Of a torrent whose metadata is not at hand only everything can be chosen.
    public var selection = FileSelection()

    /// Makes options: everything, without limits, at once.
    public init() {}
}

extension TorrentStore {
    /// Keeps a torrent, and has it fetched by a task of the store's own; it is seeded once it is whole. Returns when it is
    /// kept and members are dialled; it goes on after a restart.
    ///
    /// - Throws: `.duplicateTorrent` where it is kept already; `.noMember`; `.wrongState` for files chosen of a torrent
    ///   whose metadata is not at hand; `.noSuchFile`; `.refusedByPrivateMode`; and as ``restore(_:)``. Then it is not
    ///   kept.
    public func add(
        _ reference: TorrentReference, into folder: String, members: [Member],
        options: StoredAdding = StoredAdding()
    ) async throws(EngineError) {
        let infoHash = reference.infoHash
        let operation = "add torrent \(infoHash)"
        guard entry(infoHash) == nil else {
            throw EngineError(.duplicateTorrent, operation, reason: "it is there already")
        }
        guard !members.isEmpty else {
            throw EngineError(
                .noMember, operation, reason: "no member of the swarm is known",
                remedy: "give an invite with peers, or name members")
        }
        var metainfo: Metainfo?
        if case .metainfo(let given) = reference { metainfo = given }
        try metainfo?.checkPrivateMode()
        let resolved = try await blocking("prepare \(quoted(folder))") { () throws(EngineError) in
            // Before anything is made, and again for what its links lead to by then.
            if folder.utf8.first == UInt8(ascii: "/") { try self.requireOutside(folder, operation) }
            let resolved = try Destination.resolveFolder(folder)
            try self.requireOutside(resolved, operation)
            return resolved
        }
        var entry = TorrentEntry(
            infoHash, role: .fetch, saveFolder: resolved, members: members, addedTime: NodeClock.system.now)
        entry.displayName = reference.displayName
        entry.isStarted = options.isStarted
        entry.uploadLimit = options.uploadLimit
        entry.downloadLimit = options.downloadLimit
        if !options.selection.isEverything {
            guard let metainfo else {
                throw EngineError(
                    .wrongState, operation, reason: "which files it has is not known yet",
                    remedy: "choose files once its metadata is here, or add its .torrent")
            }
            entry.filePriorities = try options.selection.priorities(in: metainfo)
        }
        guard self.entry(infoHash) == nil else {
            throw EngineError(.duplicateTorrent, operation, reason: "it is there already")
        }
        try await put(entry, metainfo)
        guard options.isStarted else { return }
        do throws(EngineError) {
            _ = try await restore(infoHash)
        } catch {
            try? await remove(infoHash)
            throw error
        }
    }

    /// Chooses files, now and after a restart.
    ///
    /// - Throws: `.wrongState` before its metadata is known; `.noSuchFile`; `.torrentNotFound`.
    public func select(_ selection: FileSelection, of infoHash: InfoHash) async throws(EngineError) {
        guard entry(infoHash) != nil else { throw notFound(infoHash) }
        guard let metainfo = try await metainfo(infoHash) else {
            throw EngineError(
                .wrongState, "choose files of torrent \(infoHash)",
                reason: "which files it has is not known yet", remedy: "try again once its metadata is here")
        }
        let priorities = selection.isEverything ? [] : try selection.priorities(in: metainfo)
        try await torrent(infoHash)?.setFilePriorities(priorities)
        try await update(infoHash) { $0.filePriorities = priorities }
        hub.send(.changed(infoHash, .selection))
    }
}

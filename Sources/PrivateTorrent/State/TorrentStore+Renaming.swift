public import TorrentEngine

extension TorrentStore {
    /// Gives a file of a torrent another name, or another folder within the torrent's: now and after a restart. A crash on
    /// the way loses nothing: the file is found under the name that it has.
    ///
    /// It may be whole or not, run or be paused; a torrent that is fetched goes on under the new name. What members see
    /// stays. A later choice of files by pattern goes by the new names.
    ///
    /// - Parameters:
    ///   - file: Its index in the torrent's files.
    ///   - path: Its new path below the save folder, '/'-separated: it begins with the torrent's name, which stays; that of
    ///     a torrent which is one file alone is a name without a folder.
    /// - Throws: As ``Torrent/rename(file:to:)``; `.noSuchFile`; `.wrongState` before its metadata is known, and while it
    ///   is checked, taken up, moved or renamed.
    public func rename(_ infoHash: InfoHash, file: Int, to path: String) async throws(EngineError) {
        let operation = "rename a file of torrent \(infoHash)"
        guard entry(infoHash) != nil else { throw notFound(infoHash) }
        try await settleRenaming(infoHash)
        guard let metainfo = try await metainfo(infoHash), let folder = entry(infoHash)?.saveFolder else {
            throw EngineError(
                .wrongState, operation, reason: "which files it has is not known yet",
                remedy: "try again once its metadata is here")
        }
        _ = try metainfo.renamingFiles([file: path])
        let from = metainfo.files[file].path
        guard !from.utf8.elementsEqual(path.utf8) else {
            throw EngineError(
                .invalidArgument, operation, reason: "the file has that name already", path: path)
        }
        guard running[infoHash] != nil || takingUp[infoHash] == nil, !renaming.contains(infoHash) else {
            throw busy(operation)
        }
        renaming.insert(infoHash)
        // It goes on whoever is cancelled, and no save of the torrent comes between.
        let previous = running[infoHash]?.saving
        let task = Task { () async -> Result<Void, EngineError> in
            _ = await previous?.value
            defer { self.renaming.remove(infoHash) }
            do throws(EngineError) {
                try await self.rename(infoHash, file, of: metainfo, from, to: path, in: folder)
                return .success(())
            } catch {
                return .failure(error)
            }
        }
        running[infoHash]?.saving = task
        try await task.value.get()
        hub.send(.changed(infoHash, .names))
        // Who the file is has changed with its name.
        try? await save(infoHash)
    }

    /// The same for the file that has a path now.
    public func rename(_ infoHash: InfoHash, _ from: String, to path: String) async throws(EngineError) {
        guard entry(infoHash) != nil else { throw notFound(infoHash) }
        try await settleRenaming(infoHash)
        let files = try await metainfo(infoHash)?.files ?? []
        guard let file = files.firstIndex(where: { !$0.isPad && $0.path.utf8.elementsEqual(from.utf8) })
        else {
            throw EngineError(
                .noSuchFile, "rename a file of torrent \(infoHash)", reason: "it has no file of that path",
                path: from)
        }
        try await rename(infoHash, file: file, to: path)
    }

    private func rename(
        _ infoHash: InfoHash, _ file: Int, of metainfo: Metainfo, _ from: String, to path: String,
        in folder: String
    ) async throws(EngineError) {
        let torrent = running[infoHash]?.torrent
        let who = try await blocking("look at \(quoted(from))") {
            try? FileIdentity(of: "\(folder)/\(from)", operation: "look at \(quoted(from))")
        }
        let pending = PendingRename(file: file, from: from, to: path, who)
        try await update(infoHash) { $0.renaming = pending }
        do throws(EngineError) {
            if let torrent {
                try await torrent.rename(file: file, to: path)
            } else {
                let record = FetchRecord(folder: folder, name: metainfo.name)
                _ = try await blocking("rename \(quoted(from))") { () throws(EngineError) in
                    let hold = FileSystem.kind(of: record.path) == nil ? nil : try record.hold()
                    defer { withExtendedLifetime(hold) {} }
                    return try FileRename.rename(from, to: path, in: folder)
                }
            }
        } catch {
            // Where nobody says what became of it, that is found at the next start.
            let isOver = [.shutDown, .torrentNotFound].contains(error.code)
            if !isOver { try? await update(infoHash) { $0.renaming = nil } }
            throw error
        }
        try await update(infoHash) {
            $0.renaming = nil
            $0.names[file] = path
        }
    }

    /// What a crash left of a renaming is brought to its end.
    ///
    /// - Throws: `.wrongState` while one is under way.
    func settleRenaming(_ infoHash: InfoHash) async throws(EngineError) {
        let operation = "take up torrent \(infoHash)"
        guard !renaming.contains(infoHash) else { throw busy(operation) }
        guard let entry = entry(infoHash), let pending = entry.renaming, let folder = entry.saveFolder else {
            return
        }
        let outcome = try await blocking(operation) { () throws(EngineError) in try pending.settle(in: folder)
        }
        guard self.entry(infoHash)?.renaming == pending, outcome != .absent else { return }
        try await update(infoHash) {
            $0.renaming = nil
            if outcome == .renamed { $0.names[pending.file] = pending.to }
        }
    }

    /// Before a torrent is added to the engine: its files keep their names until ``endTakingUp(_:)``.
    func beginTakingUp(_ infoHash: InfoHash) async throws(EngineError) {
        try await settleRenaming(infoHash)
        guard !renaming.contains(infoHash) else { throw busy("take up torrent \(infoHash)") }
        takingUp[infoHash, default: 0] += 1
    }

    func endTakingUp(_ infoHash: InfoHash) {
        let left = (takingUp[infoHash] ?? 1) - 1
        takingUp[infoHash] = left > 0 ? left : nil
    }

    /// The torrent with the names that its files have in that folder.
    func named(_ metainfo: Metainfo, in folder: String) throws(EngineError) -> Metainfo {
        guard let entry = entry(metainfo.infoHash), entry.saveFolder == folder else { return metainfo }
        return try metainfo.renamingFiles(entry.names)
    }

    private func busy(_ operation: String) -> EngineError {
        EngineError(
            .wrongState, operation, reason: "it is being taken up, or a file of it renamed",
            remedy: "try again in a moment")
    }
}

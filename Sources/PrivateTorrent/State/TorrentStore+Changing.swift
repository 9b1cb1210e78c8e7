public import TorrentEngine

/// What is changed of a torrent that is kept: in the engine, and after a restart too.
extension TorrentStore {
    /// Replaces a torrent's members. Whoever no longer matches is cut, and will be nobody after a restart, before this
    /// returns; who has come, with a port, is dialled, unless the torrent is paused or has failed.
    public func setMembers(_ members: [Member], of infoHash: InfoHash) async throws(EngineError) {
        let known = Set(index.entries[infoHash]?.members.compactMap(\.endpoint) ?? [])
        let torrent = running[infoHash]?.torrent
        try await torrent?.setMembers(members)
        try await update(infoHash) { $0.members = members }
        hub.send(.changed(infoHash, .members))
        let new = members.compactMap(\.endpoint).filter { !known.contains($0) }
        guard let torrent, !new.isEmpty, index.entries[infoHash]?.isStarted == true,
            try await torrent.status().state != .failed
        else { return }
        try await torrent.start(dialling: new)
    }

    /// Limits a torrent, now and after a restart; bytes a second, 0 for no limit.
    public func setRateLimits(
        upload: UInt32, download: UInt32, of infoHash: InfoHash
    ) async throws(EngineError) {
        try await running[infoHash]?.torrent.setRateLimits(upload: upload, download: download)
        try await update(infoHash) {
            $0.uploadLimit = upload
            $0.downloadLimit = download
        }
        hub.send(.changed(infoHash, .limits))
    }

    /// Closes a torrent's connections, and leaves it so after a restart too.
    public func pause(_ infoHash: InfoHash) async throws(EngineError) {
        await endFetchOnItsWay(infoHash)
        try await running[infoHash]?.torrent.stop()
        try await update(infoHash) { $0.isStarted = false }
        hub.send(.changed(infoHash, .paused))
        try await save(infoHash)
    }

    /// Ends a fetch that has not reached the engine yet, since it would start there after it was paused or removed.
    private func endFetchOnItsWay(_ infoHash: InfoHash) async {
        guard running[infoHash] == nil, let fetch = fetching[infoHash] else { return }
        fetch.cancel()
        await fetch.value
    }

    /// Takes up a torrent that was paused, and dials those of its members that have a port.
    ///
    /// - Throws: As ``restore(_:)``.
    public func resume(_ infoHash: InfoHash) async throws(EngineError) {
        try await update(infoHash) { $0.isStarted = true }
        hub.send(.changed(infoHash, .resumed))
        guard let torrent = running[infoHash]?.torrent, let entry = index.entries[infoHash] else {
            _ = try await restore(infoHash)
            return
        }
        try await torrent.start(dialling: entry.members.compactMap(\.endpoint))
    }

    /// Moves the files of a torrent that is whole to another folder, where it then is after a restart too; a crash on the
    /// way leaves it whole in one of the two.
    ///
    /// - Returns: Old files that were left.
    /// - Throws: As ``Torrent/move(to:saving:)``; `.wrongState` where it is not whole, or not in the engine.
    @discardableResult
    public func move(_ infoHash: InfoHash, to folder: String) async throws -> [LeftFile] {
        guard let torrent = running[infoHash]?.torrent, index.entries[infoHash]?.isComplete == true else {
            throw EngineError(
                .wrongState, "move torrent \(infoHash)", reason: "it is not whole, or does not run",
                remedy: "wait until it is fetched")
        }
        let operation = "move torrent \(infoHash) to \(quoted(folder))"
        try await blocking(operation) { () throws(EngineError) in
            try self.requireOutside(folder, operation)
        }
        let left = try await torrent.move(to: folder) {
            try await self.update(infoHash) { $0.saveFolder = folder }
        }
        try? await save(infoHash)
        return left
    }

    /// Forgets a torrent, and takes it out of the engine.
    ///
    /// - Parameter deletingFiles: Whether its content goes too, of a torrent that is in the engine: see
    ///   ``Torrent/remove(deletingFiles:)``.
    public func remove(_ infoHash: InfoHash, deletingFiles: Bool = false) async throws(EngineError) {
        try requireOpen("remove torrent \(infoHash)")
        guard index.entries[infoHash] != nil else { throw notFound(infoHash) }
        await endFetchOnItsWay(infoHash)
        let kept = running.removeValue(forKey: infoHash)
        if let kept { infoHashes[kept.torrent.id] = nil }
        // A save that is under way would bring its file back.
        _ = await kept?.saving?.value
        index.entries[infoHash] = nil
        failures[infoHash] = nil
        index.removed.insert(infoHash)
        let directory = directory
        let deletion = Task { () async -> Result<Void, EngineError> in
            defer { deleting[infoHash] = nil }
            do throws(EngineError) { try await commit() } catch { return .failure(error) }
            _ = try? await kept?.torrent.remove(deletingFiles: deletingFiles)
            _ = try? await blocking("remove torrent \(infoHash)") { directory.removeFiles(of: infoHash) }
            index.removed.remove(infoHash)
            return .success(())
        }
        deleting[infoHash] = deletion
        try await deletion.value.get()
    }
}

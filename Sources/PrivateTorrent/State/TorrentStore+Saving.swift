public import TorrentEngine

/// What is known of the torrents' content, and the index, brought to the disk.
extension TorrentStore {
    /// Saves what is known of a torrent's content now; nothing where that is not known yet.
    ///
    /// - Throws: `.diskFull`, `.inputOutput` …; `.shutDown`. What was saved before stays.
    public func save(_ infoHash: InfoHash) async throws(EngineError) {
        guard running[infoHash] != nil else { return }
        let previous = running[infoHash]?.saving
        let task = Task { () async -> Result<Void, EngineError> in
            _ = await previous?.value
            return await self.saveNow(infoHash)
        }
        running[infoHash]?.saving = task
        try await task.value.get()
    }

    /// Saves it, and says whether that went well.
    func saves(_ infoHash: InfoHash) async -> Bool { (try? await save(infoHash)) != nil }

    private func saveNow(_ infoHash: InfoHash) async -> Result<Void, EngineError> {
        guard let kept = running[infoHash], kept.isChecked, let entry = index.entries[infoHash] else {
            return .success(())
        }
        running[infoHash]?.hasChanged = false
        do throws(EngineError) {
            let save = ContentSave(
                directory: directory, infoHash: infoHash, saveFolder: entry.saveFolder ?? "/",
                names: entry.names, savedPieces: kept.savedPieces, isVerifiedOnRead: kept.isVerifiedOnRead)
            let bytes = try await kept.torrent.resumeData()
            let began = ContinuousClock.now
            guard let saved = try await save.run(bytes) else { return .success(()) }
            metrics.saved(after: .now - began)
            guard running[infoHash]?.torrent == kept.torrent else { return .success(()) }
            running[infoHash]?.savedPieces = saved.pieces
            if let entry = index.entries[infoHash], entry.isComplete != saved.isComplete {
                index.entries[infoHash]?.isComplete = saved.isComplete
                try await commit()
            }
            hub.send(.saved(infoHash, pieces: saved.count))
            return .success(())
        } catch {
            // It was removed meanwhile.
            if error.code == .torrentNotFound { return .success(()) }
            running[infoHash]?.hasChanged = true
            hub.send(.saveFailed(infoHash, error))
            return .failure(error)
        }
    }

    /// Saves every torrent of which more is verified than was saved.
    func saveChanged() async {
        for (infoHash, kept) in running where kept.hasChanged {
            guard isOpen else { return }
            guard await isWorthSaving(infoHash) else { continue }
            try? await save(infoHash)
        }
        try? await flush()
    }

    /// Bytes that were sent change much, and say nothing of the content.
    func isWorthSaving(_ infoHash: InfoHash) async -> Bool {
        guard let kept = running[infoHash], kept.isChecked else { return false }
        guard let saved = kept.savedPieces, let status = try? await kept.torrent.status() else { return true }
        let count = saved.reduce(0) { $0 + $1.nonzeroBitCount }
        guard status.verifiedPieces == count else { return true }
        running[infoHash]?.hasChanged = false
        return false
    }

    /// Waits until the index as it is now is on the disk. Those who wait at the same time share a write.
    func commit() async throws(EngineError) {
        changes += 1
        try await flush()
    }

    func flush() async throws(EngineError) {
        let wanted = changes
        while writtenChanges < wanted {
            // One that fails, fails for whoever began it; the others try for themselves.
            if let writing { _ = await writing.value } else { try await writeIndex().value.get() }
        }
    }

    private func writeIndex() -> Task<Result<Void, EngineError>, Never> {
        let (index, directory, covered) = (index, directory, changes)
        let task = Task { () async -> Result<Void, EngineError> in
            // Before anybody who waits goes on.
            defer { writing = nil }
            do throws(EngineError) {
                try await blocking("write the index") { () throws(EngineError) in try directory.write(index) }
                writtenChanges = max(writtenChanges, covered)
                return .success(())
            } catch {
                return .failure(error)
            }
        }
        writing = task
        return task
    }
}

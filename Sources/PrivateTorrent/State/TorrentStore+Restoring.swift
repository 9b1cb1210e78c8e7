import NodeInterface
public import TorrentEngine

extension TorrentStore {
    /// Takes up every torrent of the state directory, a few at a time: what is whole is seeded, what is not is fetched, by
    /// tasks of the store's own; what was paused stays so. One that cannot be taken up stays in the directory, and costs
    /// the others nothing: ``StoreEvent/notRestored(_:_:)``.
    ///
    /// - Returns: Why a torrent could not be taken up, for each of those.
    @discardableResult
    public func restore() async -> [InfoHash: EngineError] {
        var failures: [InfoHash: EngineError] = [:]
        let all = torrents.filter { running[$0.infoHash] == nil }.map(\.infoHash)
        await withTaskGroup(of: (InfoHash, EngineError?).self) { group in
            for (number, infoHash) in all.enumerated() {
                if number >= Self.restoredAtOnce, let done = await group.next() { failures[done.0] = done.1 }
                group.addTask {
                    do throws(EngineError) {
                        _ = try await self.restore(infoHash)
                        return (infoHash, nil)
                    } catch {
                        return (infoHash, error)
                    }
                }
            }
            for await done in group { failures[done.0] = done.1 }
        }
        return failures
    }

    /// So many files are looked at at once.
    private static let restoredAtOnce = 8

    /// Takes up one torrent.
    ///
    /// - Returns: The torrent; nil where it is unfinished and paused.
    /// - Throws: `.torrentNotFound`; `.wrongState` where the index was lost, and nobody knows what it is there for;
    ///   `.inputMissing` where a seed's metadata is lost; `.contentMismatch` where a seed's content is not there; and as
    ///   ``Fetcher/fetch(_:update:)`` until the fetch has begun.
    @discardableResult
    public func restore(_ infoHash: InfoHash) async throws(EngineError) -> Torrent? {
        do throws(EngineError) {
            let torrent = try await restoreQuietly(infoHash, membership: nil)
            failures[infoHash] = nil
            if let torrent { hub.send(.restored(torrent)) }
            return torrent
        } catch {
            noteFailure(infoHash, error)
            throw error
        }
    }

    private func noteFailure(_ infoHash: InfoHash, _ error: EngineError) {
        let isByHand = error.code == .cancelled || error.code == .torrentNotFound
        if !isByHand, entry(infoHash) != nil { failures[infoHash] = error }
        hub.send(.notRestored(infoHash, error))
    }

    /// - Parameter membership: The members where they change on the way; nil takes those of the entry.
    func restoreQuietly(
        _ infoHash: InfoHash, membership: Membership?
    ) async throws(EngineError) -> Torrent? {
        if let torrent = running[infoHash]?.torrent { return torrent }
        try await beginTakingUp(infoHash)
        defer { endTakingUp(infoHash) }
        guard let entry = entry(infoHash) else { throw notFound(infoHash) }
        let operation = "take up torrent \(infoHash)"
        guard entry.role != .unknown, let folder = entry.saveFolder else {
            throw EngineError(
                .wrongState, operation,
                reason: "the index was lost, and with it what the torrent is there for, and for whom",
                remedy: "add it again")
        }
        if entry.isComplete, let metainfo = try await metainfo(infoHash) {
            do throws(EngineError) {
                return try await addWhole(metainfo, entry, in: folder, membership)
            } catch  where error.code == .contentMismatch && entry.role == .fetch {
                // What we fetched is not there any more: it is fetched again.
            }
        } else if entry.role == .seed {
            throw EngineError(
                .inputMissing, operation, reason: "its metadata is lost", remedy: "share it again")
        }
        guard entry.isStarted else { return nil }
        return try await beginFetch(entry, in: folder, membership)
    }

    private func addWhole(
        _ metainfo: Metainfo, _ entry: TorrentEntry, in folder: String, _ membership: Membership?
    ) async throws(EngineError) -> Torrent {
        let whole = try await whole(metainfo, in: folder)
        // It may have been changed while its content was looked at.
        let entry = self.entry(entry.infoHash) ?? entry
        let members = await membership?.members ?? entry.members
        let torrent = try await engine.add(
            metainfo,
            options: AddOptions(
                saveFolder: folder, members: members, content: whole.content, identities: whole.identities,
                messages: entry.messages, uploadLimit: entry.uploadLimit,
                downloadLimit: entry.downloadLimit))
        let isVerifiedOnRead = if case .complete = whole.content { false } else { true }
        await track(torrent, saved: .allPieces(metainfo.pieceCount), isVerifiedOnRead: isVerifiedOnRead)
        do throws(EngineError) {
            await membership?.attach(torrent)
            if membership == nil { try await apply(membersAfter: members, to: torrent) }
            if entry.isStarted { try await torrent.start(dialling: members.compactMap(\.endpoint)) }
        } catch {
            await untrack(torrent)
            try? await torrent.remove()
            throw error
        }
        if entry.role == .fetch {
            let record = FetchRecord(folder: folder, name: metainfo.name)
            _ = try? await blocking("remove the record of a finished fetch") { record.remove() }
        }
        return torrent
    }

    /// Returns when the fetch has begun: it goes on by itself, and is seeded once it is whole.
    private func beginFetch(
        _ entry: TorrentEntry, in folder: String, _ membership: Membership?
    ) async throws(EngineError) -> Torrent {
        var request = FetchRequest(.infoHash(entry.infoHash), into: folder, members: entry.members)
        request.seedsAfterwards = true
        // Files are known by number here: a choice that was made is kept to the letter.
        request.selection = FileSelection(priorities: entry.filePriorities)
        request.job = entry.job
        request.isTakenUp = true
        let (starts, start) = AsyncStream.makeStream(of: Result<Torrent, EngineError>.self)
        let infoHash = entry.infoHash
        let fetch = Task {
            do throws(EngineError) {
                _ = try await Fetcher(store: self).fetch(request, membership: membership) { update in
                    if case .started(let torrent) = update { start.yield(.success(torrent)) }
                }
            } catch {
                start.yield(.failure(error))
                self.noteFailure(infoHash, error)
            }
            start.finish()
            self.fetching[infoHash] = nil
        }
        fetching[infoHash] = fetch
        for await first in starts { return try first.get() }
        throw EngineError(.cancelled, "take up torrent \(infoHash)", reason: "the task was cancelled")
    }
}

extension [UInt8] {
    /// A bitfield with every piece.
    static func allPieces(_ count: Int) -> [UInt8] {
        var out = [UInt8](repeating: 0xff, count: (count + 7) / 8)
        if count % 8 != 0, !out.isEmpty { out[out.count - 1] = 0xff << UInt8(8 - count % 8) }
        return out
    }
}

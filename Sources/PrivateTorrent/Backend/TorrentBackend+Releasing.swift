import TorrentEngine

extension TorrentBackend {
    /// Releases what was prepared for a holder; the torrent is stopped and removed with the last one. Files stay.
    ///
    /// Nothing where the holder holds nothing there.
    public func release(fallbackID: String, jobID: String, holder: String) async {
        guard let infoHash = try? InfoHash(parsing: fallbackID), let run = running[infoHash],
            run.jobID == jobID
        else { return }
        await release(infoHash, of: run.id, holder)
    }

    /// Whether a peer that was named for the holder is connected: see `BitTorrentBackend`.
    public func isInUse(fallbackID: String, jobID: String, holder: String) async -> Bool? {
        guard let infoHash = try? InfoHash(parsing: fallbackID), let run = running[infoHash],
            run.jobID == jobID, run.holders.contains(holder)
        else { return false }
        return await run.membership.isConnected(holder: holder)
    }

    func release(_ infoHash: InfoHash, of id: UInt64, _ holder: String) async {
        guard let run = running[infoHash], run.id == id, run.holders.contains(holder) else { return }
        guard run.holders.count == 1 else {
            running[infoHash]?.holders.remove(holder)
            await run.membership.forget(holder: holder)
            await keepHolders(infoHash, of: id)
            return
        }
        running[infoHash] = nil
        await run.end(infoHash, in: store)
    }

    /// Stops what runs under that ID, whoever holds it; nothing where nothing runs. Files stay.
    public func remove(fallbackID: String) async {
        guard let infoHash = try? InfoHash(parsing: fallbackID) else { return }
        await running.removeValue(forKey: infoHash)?.end(infoHash, in: store)
    }

    /// Stops everything that runs for a job, whoever holds it. Files stay.
    public func removeTorrents(ofJob jobID: String) async {
        jobPeers.forget(jobID: jobID)
        await stop { $0.jobID == jobID }
    }

    func stop(_ isMeant: (RunningTorrent) -> Bool) async {
        let gone = running.filter { isMeant($0.value) }
        for infoHash in gone.keys { running[infoHash] = nil }
        await withTaskGroup(of: Void.self) { group in
            for (infoHash, run) in gone {
                group.addTask { [store] in await run.end(infoHash, in: store) }
            }
        }
    }
}

import NodeInterface
import TorrentEngine

extension TorrentBackend {
    /// So many torrents are taken up at once.
    private static let takenUpAtOnce = 8

    var fetcher: Fetcher { if let store { Fetcher(store: store) } else { Fetcher(engine: engine) } }

    /// Who holds a torrent, and whom the job named for each of them, as the state directory has it.
    func keptJob(_ infoHash: InfoHash, of id: UInt64) async -> TorrentEntry.Job? {
        guard let run = running[infoHash], run.id == id, let jobID = run.jobID else { return nil }
        let named = await run.membership.named
        return TorrentEntry.Job(
            id: jobID,
            holders: Dictionary(
                run.holders.map { ($0, named[$0] ?? []) }, uniquingKeysWith: { first, _ in first }))
    }

    /// The holders of a torrent have changed.
    func keepHolders(_ infoHash: InfoHash, of id: UInt64) async {
        guard let store, let job = await keptJob(infoHash, of: id), await store.entry(infoHash) != nil else {
            return
        }
        try? await store.update(infoHash) { $0.job = job }
    }

    /// Takes up what ran when the last run ended. It counts as running at once; to be there takes it a while.
    func takeUp() async {
        guard let store, options.enabled else { return }
        let turns = Turns(Self.takenUpAtOnce)
        for entry in await store.torrents where entry.isStarted && running[entry.infoHash] == nil {
            guard var list = try? MemberList(options.privateMode) else { return }
            for (holder, members) in entry.job?.holders ?? [:] { list.set(members, namedFor: holder) }
            let membership = membership(list, of: entry.job?.id)
            let (id, infoHash) = (nextRun(), entry.infoHash)
            running[infoHash] = RunningTorrent(
                id: id, jobID: entry.job?.id,
                holders: entry.job.map { Set($0.holders.keys) } ?? [Self.node], membership: membership,
                ready: Task {
                    await membership.begin()
                    do throws(BackendError) {
                        try await self.takeUp(entry, membership, id, turns)
                        return .success(())
                    } catch {
                        await self.forget(infoHash, of: id)
                        return .failure(error)
                    }
                })
        }
    }

    /// What goes by its retention or for room does not count as running any more.
    func followStore() {
        guard let store else { return }
        let events = store.events()
        retiring = Task { [weak self] in
            for await case .retired(let infoHash, _) in events {
                await self?.retire(infoHash)
            }
        }
    }

    private func retire(_ infoHash: InfoHash) async {
        await running.removeValue(forKey: infoHash)?.cancel()
    }

    private func takeUp(
        _ entry: TorrentEntry, _ membership: Membership, _ id: UInt64, _ turns: Turns
    ) async throws(BackendError) {
        guard let store else { return }
        let (infoHash, operation) = (entry.infoHash, "take up torrent \(entry.infoHash)")
        if entry.role == .fetch, !entry.isComplete, let folder = entry.saveFolder {
            // Whoever may be in its swarm may be known only later.
            while await membership.members.isEmpty {
                guard !Task.isCancelled else {
                    throw BackendError(.cancelled, operation, reason: "it was removed")
                }
                // Where no source can name anybody any more, a job or new options may.
                if await !membership.waitForMember(within: .seconds(60)) {
                    try? await Task.sleep(for: .seconds(1))
                }
            }
            var request = FetchRequest(.infoHash(infoHash), into: folder, members: [])
            request.job = entry.job
            return try await runFetch(request, membership, id, operation)
        }
        await turns.take()
        let outcome: Result<Torrent?, BackendError>
        do throws(EngineError) {
            outcome = .success(try await store.restoreQuietly(infoHash, membership: membership))
        } catch {
            store.hub.send(.notRestored(infoHash, error))
            outcome = .failure(BackendError(error))
        }
        await turns.give()
        let torrent = try outcome.get()
        guard running[infoHash]?.id == id, !Task.isCancelled else { return }
        running[infoHash]?.torrent = torrent
        if let torrent { store.hub.send(.restored(torrent)) }
    }
}

/// Lets so many through at a time, in the order in which they came.
actor Turns {
    private var free: Int
    private var waiting: [CheckedContinuation<Void, Never>] = []

    init(_ count: Int) { free = count }

    func take() async {
        guard free == 0 else {
            free -= 1
            return
        }
        await withCheckedContinuation { waiting.append($0) }
    }

    func give() {
        guard waiting.isEmpty else { return waiting.removeFirst().resume() }
        free += 1
    }
}

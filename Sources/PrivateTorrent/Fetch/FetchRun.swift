import NodeInterface
import NodeSupport
import TorrentEngine

/// One fetch, from reference to files.
struct FetchRun: Sendable {
    let engine: Engine
    /// Where the torrent is kept; nil: nowhere.
    let store: TorrentStore?
    var request: FetchRequest
    /// The members where they change on the way; nil takes those of the request.
    let membership: Membership?
    let update: @Sendable (FetchUpdate) -> Void
    let stall = StallWatch()

    /// The members at this moment: what is there is hashed first, and a fetch may add its torrent twice; who left in
    /// between must not come back.
    private var members: [Member] {
        get async {
            if let membership { return await membership.members }
            return await store?.entry(request.reference.infoHash)?.members ?? request.members
        }
    }

    private func start(_ torrent: Torrent, addedWith added: [Member]) async throws(EngineError) {
        await membership?.attach(torrent)
        if membership == nil { try await store?.apply(membersAfter: added, to: torrent) }
        if let kept = await store?.entry(torrent.infoHash) {
            try await torrent.setRateLimits(upload: kept.uploadLimit, download: kept.downloadLimit)
        }
        try await torrent.start(dialling: await members.compactMap(\.endpoint))
        update(.started(torrent))
    }

    private func inspect(_ metainfo: Metainfo) throws(EngineError) {
        try metainfo.checkPrivateMode()
        try request.inspect?(metainfo)
    }

    func run() async throws(EngineError) -> FetchResult {
        let given = request.folder
        let folder = try await blocking("prepare \(quoted(given))") { () throws(EngineError) in
            try Destination.resolveFolder(given)
        }
        return try await kept(in: folder)
    }

    private func run(in folder: String) async throws(EngineError) -> FetchResult {
        if let known = try await knownMetainfo(in: folder) {
            try inspect(known)
            let destination = try await self.destination(folder, known)
            return try await fetch(destination, claimed: claim(destination), since: .now)
        }
        return try await fetchByInfoHash(folder)
    }

    /// Refuses a choice of files that are not there before anything is touched.
    private func destination(
        _ folder: String, _ metainfo: Metainfo
    ) async throws(EngineError) -> Destination {
        guard !request.selection.isEverything else {
            try await store?.update(metainfo.infoHash) { $0.filePriorities = [] }
            return Destination(folder: folder, metainfo: metainfo, wanted: nil)
        }
        let priorities = try request.selection.priorities(in: metainfo)
        try await store?.update(metainfo.infoHash) { $0.filePriorities = priorities }
        return Destination(
            folder: folder, metainfo: metainfo, wanted: Set(priorities.indices.filter { priorities[$0] > 0 }))
    }

    private func knownMetainfo(in folder: String) async throws(EngineError) -> Metainfo? {
        if case .metainfo(let metainfo) = request.reference { return try await named(metainfo, in: folder) }
        let infoHash = request.reference.infoHash
        if let known = try await store?.metainfo(infoHash) { return known }
        let found = try await blocking("look for an unfinished fetch in \(quoted(folder))") {
            FetchRecord.find(infoHash, in: folder)
        }
        guard let found else { return nil }
        return try await named(found, in: folder)
    }

    /// With the names that its files have.
    private func named(_ metainfo: Metainfo, in folder: String) async throws(EngineError) -> Metainfo {
        try await store?.named(metainfo, in: folder) ?? metainfo
    }

    /// The metadata is at hand, and the destination claimed.
    private func fetch(
        _ destination: Destination, claimed claim: Destination.Claim, since start: ContinuousClock.Instant
    ) async throws(EngineError) -> FetchResult {
        defer { withExtendedLifetime(claim.hold) {} }
        let (metainfo, content) = (destination.metainfo, claim.content)
        update(.metadata(metainfo))
        var pieces = [UInt8](repeating: 0, count: (metainfo.pieceCount + 7) / 8)
        do throws(EngineError) {
            if content == .existing {
                let update = update
                let found = try await look(at: destination) { update(.checking($0)) }
                pieces = found.pieces
            }
            try await requireSpace(for: destination.missingBytes(given: pieces), destination)
            if content == .existing {
                _ = try await blocking("prepare \(quoted(metainfo.name))") { () throws(EngineError) in
                    try destination.cutWhatIsTooLong()
                }
            }
        } catch {
            if content == .fresh { await release(destination) }
            throw error
        }
        // Hashing what is there is not fetching: the clock of a continued fetch starts now.
        let start = content == .existing ? .now : start
        let added = await members
        let torrent = try await engine.add(
            metainfo,
            options: AddOptions(
                saveFolder: destination.folder, members: added, content: .pieces(pieces),
                filePriorities: destination.priorities, messages: membership?.messages,
                rateClass: request.rateClass))
        await store?.track(torrent)
        return try await finish(torrent, destination, since: start) { () throws(EngineError) in
            try await self.start(torrent, addedWith: added)
        }
    }

    /// Only the info-hash is known: members are asked for the metadata first, and nothing is written before it is
    /// here and accepted.
    private func fetchByInfoHash(_ folder: String) async throws(EngineError) -> FetchResult {
        let start = ContinuousClock.now
        let added = await members
        let torrent = try await engine.add(
            request.reference.infoHash,
            options: AddOptions(
                saveFolder: folder, members: added, messages: membership?.messages,
                rateClass: request.rateClass))
        await store?.track(torrent)
        let destination: Destination
        let hold: FetchHold
        do throws(EngineError) {
            let watch = watch(torrent)
            defer { watch.cancel() }
            try await self.start(torrent, addedWith: added)
            let metainfo = try await named(torrent.metadata(), in: folder)
            try inspect(metainfo)
            destination = try await self.destination(folder, metainfo)
            try await torrent.setFilePriorities(destination.priorities ?? [])
            let claimed = try await claim(destination)
            guard claimed.content == .fresh, metainfo.renamed.isEmpty else {
                // Something of it is on disk and must be hashed first; or the engine, left to itself, would make
                // files under names that were cleaned. Start again with what is known now.
                await store?.untrack(torrent)
                try await torrent.remove()
                return try await fetch(destination, claimed: claimed, since: start)
            }
            hold = claimed.hold
            do throws(EngineError) {
                try await requireSpace(for: destination.missingBytes(given: []), destination)
            } catch {
                await release(destination)
                throw error
            }
            try await store?.write(metainfo)
            update(.metadata(metainfo))
        } catch {
            await store?.untrack(torrent)
            try? await torrent.remove()
            throw error
        }
        defer { withExtendedLifetime(hold) {} }
        return try await finish(torrent, destination, since: start) { () throws(EngineError) in
            try await torrent.acceptMetadata(destination.metainfo)
        }
    }

    private func finish(
        _ torrent: Torrent, _ destination: Destination, since start: ContinuousClock.Instant,
        begin: () async throws(EngineError) -> Void
    ) async throws(EngineError) -> FetchResult {
        let watch = watch(torrent)
        defer { watch.cancel() }
        let status: TorrentStatus
        let elapsed: Duration
        do throws(EngineError) {
            try await begin()
            try await waitUntilFinished(torrent)
            elapsed = ContinuousClock.now - start
            status = try await torrent.status()
        } catch {
            await store?.untrack(torrent)
            try? await torrent.remove()
            throw error
        }
        update(.progress(status))
        // Where this fails, the record stays, and says that the content is ours.
        let isWhole = status.verifiedPieces == status.pieceCount
        let isKept = await isSaved(torrent.infoHash, isWhole: isWhole)
        if !request.seedsAfterwards {
            await store?.untrack(torrent)
            try await torrent.remove()
        }
        // Its files may have been renamed meanwhile.
        let destination = Destination(
            folder: destination.folder,
            metainfo: try await named(destination.metainfo, in: destination.folder),
            wanted: destination.wanted)
        if isKept {
            let isRunning = request.seedsAfterwards
            _ = try await blocking("close the record of a finished fetch") {
                destination.close(isWhole: isWhole, isRunning: isRunning)
            }
        }
        let metainfo = destination.metainfo
        return FetchResult(
            infoHash: metainfo.infoHash, name: metainfo.name, folder: destination.folder,
            files: metainfo.files.indices.filter(destination.wants).map { index in
                let file = metainfo.files[index]
                return FetchedFile(
                    path: "\(destination.folder)/\(file.path)", relativePath: file.path,
                    sizeBytes: file.sizeBytes)
            },
            torrent: request.seedsAfterwards ? torrent : nil, elapsed: elapsed,
            downloadedBytes: status.receivedBytes - min(status.receivedBytes, status.wastedBytes),
            reusedBytes: status.reusedBytes, wastedBytes: status.wastedBytes)
    }

    /// What a full disk or a want of descriptors stopped, the engine takes up by itself once there is room.
    private func waitUntilFinished(_ torrent: Torrent) async throws(EngineError) {
        while true {
            do throws(EngineError) {
                return try await torrent.waitUntilFinished()
            } catch {
                guard request.isTakenUp, error.isShortage else { throw error }
            }
            while try await torrent.status().state == .failed {
                guard (try? await Task.sleep(for: .seconds(1))) != nil else {
                    throw EngineError(.cancelled, "wait for room", reason: "the task was cancelled")
                }
            }
        }
    }

    // MARK: - The state directory

    /// Whether the state directory says of the content what it is: the last pieces are verified a moment before they are
    /// written, and until then what is saved does not claim them. Without a record, and not called whole, the content
    /// would be a stranger's after a crash.
    private func isSaved(_ infoHash: InfoHash, isWhole: Bool) async -> Bool {
        guard let store else { return true }
        for _ in 0..<100 {
            guard await store.saves(infoHash) else { return false }
            let entry = await store.entry(infoHash)
            if !isWhole || entry?.isComplete != false { return true }
            guard (try? await Task.sleep(for: .milliseconds(20))) != nil else { return false }
        }
        return false
    }

    /// Runs a fetch whose torrent is there after a restart, from before its first byte until it ends.
    private func kept(in folder: String) async throws(EngineError) -> FetchResult {
        guard let store else { return try await run(in: folder) }
        let infoHash = request.reference.infoHash
        try await store.beginTakingUp(infoHash)
        let result: Result<FetchResult, EngineError>
        do throws(EngineError) {
            result = .success(try await kept(in: folder, by: store, infoHash))
        } catch {
            result = .failure(error)
        }
        await store.endTakingUp(infoHash)
        return try result.get()
    }

    private func kept(
        in folder: String, by store: TorrentStore, _ infoHash: InfoHash
    ) async throws(EngineError) -> FetchResult {
        let former = await store.entry(infoHash)
        var entry =
            former
            ?? TorrentEntry(infoHash, role: .fetch, saveFolder: folder, addedTime: NodeClock.system.now)
        entry.displayName = request.reference.displayName ?? entry.displayName
        if former?.saveFolder != folder { (entry.names, entry.renaming) = ([:], nil) }
        (entry.role, entry.saveFolder, entry.isStarted) = (.fetch, folder, !request.isAwaited)
        if !request.isTakenUp { entry.members = request.members }
        (entry.job, entry.messages) = (request.job, membership?.messages)
        // Until it is whole, the record says whose the content is; afterwards, the state directory.
        entry.isComplete =
            former.map { $0.role == .fetch && $0.isComplete && $0.saveFolder == folder } ?? false
        var run = self
        if entry.isComplete { run.request.adoptsExisting = true }
        var metainfo: Metainfo?
        if case .metainfo(let given) = request.reference { metainfo = given }
        try await store.put(entry, metainfo)
        do throws(EngineError) {
            let result = try await run.run(in: folder)
            if result.torrent == nil { try await store.remove(infoHash) }
            return result
        } catch {
            // A store that is closed keeps what it has, and so does one whose torrent only had no luck.
            switch error.code {
            case .cancelled: try? await store.update(infoHash) { $0.isStarted = false }
            case .malformed, .limitExceeded, .refusedByPrivateMode, .fileExists, .contentMismatch,
                .duplicateTorrent:
                if former == nil { try? await store.remove(infoHash) }
            default: break
            }
            throw error
        }
    }

    /// What of the content is there, which is hashed as far as nobody knows.
    private func look(
        at destination: Destination, progress: @escaping @Sendable (HashProgress) -> Void
    ) async throws(EngineError) -> TorrentStore.Found {
        let (metainfo, folder) = (destination.metainfo, destination.folder)
        if let store { return try await store.recover(metainfo, in: folder, progress: progress) }
        let found = try await PieceVerifier().verify(metainfo, in: folder, progress: progress)
        return TorrentStore.Found(pieces: found.bitfield, bytes: found.verifiedBytes)
    }

    // MARK: - Watching

    private func watch(_ torrent: Torrent) -> Task<Void, Never> {
        let events = engine.events()
        let update = update
        let stall = stall
        return Task {
            await withTaskGroup(of: Void.self) { group in
                group.addTask {
                    for await event in events where event.torrent == torrent.id {
                        stall.note(event.kind)
                        guard case .progress = event.kind, let status = try? await torrent.status() else {
                            continue
                        }
                        update(.progress(status))
                    }
                }
                group.addTask {
                    while (try? await Task.sleep(for: .seconds(1))) != nil {
                        guard let status = try? await torrent.status() else { return }
                        if let stalled = stall.look(at: status) { update(stalled) }
                    }
                }
            }
        }
    }

    // MARK: - The file system, off the pool

    private func claim(_ destination: Destination) async throws(EngineError) -> Destination.Claim {
        let adopting = request.adoptsExisting
        return try await blocking("prepare \(destination.folder)") { () throws(EngineError) in
            try destination.claim(adopting: adopting)
        }
    }

    private func requireSpace(for bytes: UInt64, _ destination: Destination) async throws(EngineError) {
        _ = try await blocking("look at the free space of \(destination.folder)") { () throws(EngineError) in
            try destination.requireSpace(for: bytes)
        }
    }

    private func release(_ destination: Destination) async {
        _ = try? await blocking("clean up \(destination.folder)") { destination.release() }
    }
}

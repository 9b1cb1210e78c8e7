import NodeInterface
import NodeSupport
public import TorrentEngine

/// Torrents that outlast the process: those of an engine, kept in a state directory (Docs/State.md).
///
/// What it is told of is there after a restart, however the process ended: torrents, members, roles and options from the
/// moment that the call returns; what was verified of the content since at most ``Options/saveInterval`` ago. Before a
/// piece is said to be had, its bytes are on the disk (fdatasync). Nothing of that is done on the engine's threads.
///
/// Add torrents through it, or through ``Fetcher`` and ``Seeder`` with it: what is added to the engine alone is not kept.
public actor TorrentStore {
    /// How a store works.
    public struct Options: Sendable {
        /// How often what has changed is saved.
        public var saveInterval: Duration
        /// Bytes of fetched content that may be kept; above it, what was needed longest ago goes (``makeRoom()``). Nil for
        /// no limit.
        public var budgetBytes: UInt64?
        /// How long a job's fallback stays once no member is connected; nil: until it is released.
        public var idleLimitOfFallbacks: Duration?
        /// The wall clock.
        let now: @Sendable () -> UnixTime = { NodeClock.system.now }
        /// What is accepted as metadata from the state directory.
        public var limits: MetainfoLimits

        /// Makes options.
        public init(
            saveInterval: Duration = .seconds(30), budgetBytes: UInt64? = nil,
            idleLimitOfFallbacks: Duration? = nil, limits: MetainfoLimits = .standard
        ) {
            self.saveInterval = saveInterval
            self.budgetBytes = budgetBytes
            self.idleLimitOfFallbacks = idleLimitOfFallbacks
            self.limits = limits
        }
    }

    /// The engine that runs the torrents.
    public nonisolated let engine: Engine
    /// The state directory as it was found when it was opened.
    public nonisolated let report: StateReport
    nonisolated let directory: StateDirectory
    nonisolated let metrics: StoreMetrics
    nonisolated let hub: EventHub<StoreEvent>
    let options: Options

    var index: StateIndex
    /// Those that are in the engine.
    var running: [InfoHash: KeptTorrent] = [:]
    /// Fetches that a restart took up.
    var fetching: [InfoHash: Task<Void, Never>] = [:]
    /// Those that retention removed, the last 1,024.
    var retired: [InfoHash: RetentionPlan.Reason] = [:]
    /// Why torrents that are kept could not be taken up, or why their fetches ended.
    var failures: [InfoHash: EngineError] = [:]
    private var retiredOrder: [InfoHash] = []
    /// Those whose files are being deleted.
    private var deleting: [InfoHash: Task<Result<Void, EngineError>, Never>] = [:]
    /// Those of which a file is being renamed.
    var renaming: Set<InfoHash> = []
    /// Those that are about to be in the engine: how many do that.
    var takingUp: [InfoHash: Int] = [:]
    private var infoHashes: [Torrent.ID: InfoHash] = [:]
    private var isOpen = true
    private var following: Task<Void, Never>?
    private var ticking: Task<Void, Never>?
    /// Counts the changes of the index, and how many of them are on the disk.
    private var changes: UInt64 = 0
    private var writtenChanges: UInt64 = 0
    private var writing: Task<Result<Void, EngineError>, Never>?

    private init(_ opened: StateDirectory.Opened, engine: Engine, options: Options) {
        self.engine = engine
        self.options = options
        let metrics = StoreMetrics(engine.metricsFactory)
        self.metrics = metrics
        hub = EventHub(tap: { metrics.note($0) })
        directory = opened.directory
        index = opened.index
        report = opened.report
    }

    deinit {
        following?.cancel()
        ticking?.cancel()
        hub.finish()
    }

    /// Opens a state directory, or makes one, and takes its lock. Its torrents are not started: see ``restore()``.
    ///
    /// - Throws: `.inUse` (another process has it, whose ID is in the reason), `.fileExists` (what stands there is no
    ///   state directory), `.permissionDenied` (others have access), `.unsupported` (a newer version wrote it),
    ///   `.diskFull`, `.inputOutput`. What is broken in it is no error: it is in ``report``.
    public static func open(
        _ path: String, engine: Engine, options: Options = Options()
    ) async throws(EngineError) -> TorrentStore {
        let limits = options.limits
        let opened = try await blocking("open the state directory \(path)") { () throws(EngineError) in
            try StateDirectory.open(path, limits: limits)
        }
        let store = TorrentStore(opened, engine: engine, options: options)
        await store.begin()
        return store
    }

    /// The torrents of the state directory, by their info-hashes.
    public var torrents: [TorrentEntry] { index.entries.values.sorted { $0.infoHash < $1.infoHash } }

    /// What the state directory has of a torrent.
    public func entry(_ infoHash: InfoHash) -> TorrentEntry? { index.entries[infoHash] }

    /// The state directory: an absolute path.
    public nonisolated var path: String { directory.path }

    /// A torrent, where it is in the engine.
    public func torrent(_ infoHash: InfoHash) -> Torrent? { running[infoHash]?.torrent }

    /// What happens to the torrents from now on. One that is not taken in time is dropped.
    public nonisolated func events(buffering limit: Int = 4096) -> AsyncStream<StoreEvent> {
        hub.subscribe(buffering: limit)
    }

    // MARK: - Changing what is kept

    /// Makes a torrent last. What is known of one that was kept before, and is no part of `entry`'s making, stays.
    ///
    /// - Returns: On the disk.
    func put(_ entry: TorrentEntry, _ metainfo: Metainfo?) async throws(EngineError) {
        let infoHash = entry.infoHash
        try requireOpen("keep torrent \(infoHash)")
        // What it was kept as before goes first.
        _ = await deleting[infoHash]?.value
        if let metainfo { try await write(metainfo) }
        let former = index.entries[infoHash]
        var entry = entry
        if let former {
            entry.addedTime = former.addedTime
            entry.retention = former.retention
            entry.retention.lastNeeded = max(former.retention.lastNeeded, options.now())
            entry.sizeBytes = former.sizeBytes
            if entry.role == .fetch, former.saveFolder == entry.saveFolder {
                (entry.names, entry.renaming) = (former.names, former.renaming)
            }
        } else if entry.job != nil {
            entry.retention.idleLimit = options.idleLimitOfFallbacks
        }
        if let metainfo { entry.sizeBytes = metainfo.sizeBytes }
        index.entries[infoHash] = entry
        do throws(EngineError) {
            try await commit()
        } catch {
            index.entries[infoHash] = former
            throw error
        }
    }

    /// The metadata of a torrent that was known by its info-hash alone has come.
    func write(_ metainfo: Metainfo) async throws(EngineError) {
        let directory = directory
        try await blocking("save torrent \(metainfo.infoHash)") { () throws(EngineError) in
            try directory.write(metainfo)
        }
        // On the disk with the next change.
        guard index.entries[metainfo.infoHash] != nil else { return }
        index.entries[metainfo.infoHash]?.sizeBytes = metainfo.sizeBytes
        changes += 1
    }

    /// A member is, or was, connected; on the disk with the next save.
    func noteNeeded(_ infoHash: InfoHash, at time: UnixTime) {
        guard let entry = index.entries[infoHash], entry.retention.lastNeeded < time else { return }
        index.entries[infoHash]?.retention.lastNeeded = time
        changes += 1
    }

    /// The torrent is in the engine: from now on it is saved.
    ///
    /// - Parameters:
    ///   - saved: The pieces that the state directory says are there.
    ///   - isVerifiedOnRead: Whether it was added so.
    func track(_ torrent: Torrent, saved: [UInt8]? = nil, isVerifiedOnRead: Bool = false) async {
        running[torrent.infoHash] = KeptTorrent(
            torrent: torrent, savedPieces: saved, isVerifiedOnRead: isVerifiedOnRead)
        infoHashes[torrent.id] = torrent.infoHash
        // It may have been checked before it was known here whose event that is.
        guard let state = try? await torrent.status().state, state == .downloading || state == .seeding else {
            return
        }
        running[torrent.infoHash]?.isChecked = true
        running[torrent.infoHash]?.hasChanged = true
    }

    /// The torrent is about to leave the engine, and is to be there after a restart.
    func untrack(_ torrent: Torrent) async {
        guard running[torrent.infoHash]?.torrent == torrent else { return }
        if isOpen, running[torrent.infoHash]?.hasChanged == true { try? await save(torrent.infoHash) }
        infoHashes[torrent.id] = nil
        _ = await running.removeValue(forKey: torrent.infoHash)?.saving?.value
    }

    /// Changes what is kept of a torrent; on the disk when it returns.
    public func update(
        _ infoHash: InfoHash, _ change: @Sendable (inout TorrentEntry) -> Void
    ) async throws(EngineError) {
        try requireOpen("change torrent \(infoHash)")
        guard var entry = index.entries[infoHash] else { throw notFound(infoHash) }
        change(&entry)
        guard entry != index.entries[infoHash], entry.infoHash == infoHash else { return }
        index.entries[infoHash] = entry
        try await commit()
    }

    /// Replaces a torrent's members. Whoever no longer matches is cut, and will be nobody after a restart, before this
    /// returns.
    public func setMembers(_ members: [Member], of infoHash: InfoHash) async throws(EngineError) {
        if let torrent = running[infoHash]?.torrent { try await torrent.setMembers(members) }
        try await update(infoHash) { $0.members = members }
        hub.send(.changed(infoHash, .members))
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

    func noteRetired(_ infoHash: InfoHash, _ reason: RetentionPlan.Reason) {
        if retired.updateValue(reason, forKey: infoHash) == nil { retiredOrder.append(infoHash) }
        if retiredOrder.count > 1024 { retired[retiredOrder.removeFirst()] = nil }
    }

    // MARK: - Saving

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
    private func isWorthSaving(_ infoHash: InfoHash) async -> Bool {
        guard let kept = running[infoHash], kept.isChecked else { return false }
        guard let saved = kept.savedPieces, let status = try? await kept.torrent.status() else { return true }
        let count = saved.reduce(0) { $0 + $1.nonzeroBitCount }
        guard status.verifiedPieces == count else { return true }
        running[infoHash]?.hasChanged = false
        return false
    }

    /// Waits until the index as it is now is on the disk. Those who wait at the same time share a write.
    private func commit() async throws(EngineError) {
        changes += 1
        try await flush()
    }

    private func flush() async throws(EngineError) {
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

    // MARK: - The engine's events

    private func begin() {
        let events = engine.events(buffering: 1 << 16)
        following = Task { [weak self] in
            for await event in events { await self?.take(event) }
        }
        let interval = options.saveInterval
        ticking = Task { [weak self] in
            while (try? await Task.sleep(for: interval)) != nil {
                await self?.saveChanged()
                await self?.makeRoom()
            }
        }
    }

    private func take(_ event: EngineEvent) {
        if case .gap = event.kind {
            for infoHash in running.keys {
                running[infoHash]?.isChecked = true
                running[infoHash]?.hasChanged = true
            }
            return
        }
        guard let infoHash = event.torrent.flatMap({ infoHashes[$0] }) else { return }
        switch event.kind {
        case .checked:
            running[infoHash]?.isChecked = true
            running[infoHash]?.hasChanged = true
        case .progress, .hashFailed:
            running[infoHash]?.hasChanged = true
        case .peerConnected:
            noteNeeded(infoHash, at: options.now())
        case .finished:
            running[infoHash]?.isChecked = true
            running[infoHash]?.hasChanged = true
            Task { if await self.isWorthSaving(infoHash) { try? await self.save(infoHash) } }
        default: break
        }
    }

    // MARK: - The end

    /// Stops every torrent, saves what has changed, and gives up the state directory. The engine goes on, without them.
    ///
    /// - Parameter limit: About how long it may take.
    /// - Returns: The torrents that could not be saved in time. What was saved of them before counts, and at the next
    ///   start they are looked at as after a crash.
    public func shutdown(within limit: Duration = .seconds(10)) async -> [InfoHash] {
        guard isOpen else { return [] }
        isOpen = false
        following?.cancel()
        ticking?.cancel()
        let work = Task { await self.saveAll() }
        let unsaved = await work.value(within: limit) ?? changedTorrents
        for infoHash in unsaved { hub.send(.notSavedInTime(infoHash)) }
        hub.finish()
        return unsaved
    }

    private var changedTorrents: [InfoHash] { running.filter { $0.value.hasChanged }.map(\.key).sorted() }

    private func saveAll() async -> [InfoHash] {
        for kept in running.values { try? await kept.torrent.stop() }
        var waiting = changedTorrents
        await withTaskGroup(of: Void.self) { group in
            for number in waiting.indices {
                // A few at a time, so that a slow disk is not made slower.
                if number >= 4 { await group.next() }
                let infoHash = waiting[number]
                group.addTask {
                    guard await self.isWorthSaving(infoHash) else { return }
                    try? await self.save(infoHash)
                }
            }
        }
        waiting = changedTorrents
        let isIndexed = (try? await flush()) != nil
        let directory = directory
        let isClean = waiting.isEmpty && isIndexed
        _ = try? await blocking("close the state directory") { () throws(EngineError) in
            if isClean { try directory.markClean() }
            directory.unlock()
        }
        running.removeAll()
        infoHashes.removeAll()
        for fetch in fetching.values { fetch.cancel() }
        fetching.removeAll()
        return waiting
    }

    private func requireOpen(_ operation: String) throws(EngineError) {
        guard isOpen else {
            throw EngineError(.shutDown, operation, reason: "the state directory was closed")
        }
    }

    func notFound(_ infoHash: InfoHash) -> EngineError {
        EngineError(
            .torrentNotFound, "use torrent \(infoHash)", reason: "it is not in the state directory")
    }
}

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
    var retiredOrder: [InfoHash] = []
    /// Those whose files are being deleted.
    var deleting: [InfoHash: Task<Result<Void, EngineError>, Never>] = [:]
    /// Those of which a file is being renamed.
    var renaming: Set<InfoHash> = []
    /// Those that are about to be in the engine: how many do that.
    var takingUp: [InfoHash: Int] = [:]
    var infoHashes: [Torrent.ID: InfoHash] = [:]
    var isOpen = true
    private var following: Task<Void, Never>?
    private var ticking: Task<Void, Never>?
    /// Counts the changes of the index, and how many of them are on the disk.
    var changes: UInt64 = 0
    var writtenChanges: UInt64 = 0
    var writing: Task<Result<Void, EngineError>, Never>?

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
        let opened = try await blocking("open the state directory \(quoted(path))") {
            () throws(EngineError) in
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
            entry.displayName = entry.displayName ?? former.displayName
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

    /// Gives a torrent that has just been tracked the members that it has by now: until then, a change of them reached the
    /// entry alone.
    ///
    /// - Parameter members: Those that it was added with.
    func apply(membersAfter members: [Member], to torrent: Torrent) async throws(EngineError) {
        guard let now = entry(torrent.infoHash)?.members, now != members else { return }
        try await torrent.setMembers(now)
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

    func requireOpen(_ operation: String) throws(EngineError) {
        guard isOpen else {
            throw EngineError(.shutDown, operation, reason: "the state directory was closed")
        }
    }

    func notFound(_ infoHash: InfoHash) -> EngineError {
        EngineError(
            .torrentNotFound, "use torrent \(infoHash)", reason: "it is not in the state directory")
    }
}

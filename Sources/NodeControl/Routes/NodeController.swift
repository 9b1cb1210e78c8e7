import NodeInterface
import NodeSupport
import PrivateTorrent
import TorrentEngine

#if canImport(Glibc)
    import Glibc
#endif

/// The node as the routes see it.
actor NodeController {
    nonisolated let store: TorrentStore
    nonisolated let feed: EventFeed
    nonisolated var engine: Engine { store.engine }
    private nonisolated let web: WebReport?
    nonisolated let facts: NodeFacts
    nonisolated let metrics: ControlMetrics
    private nonisolated let readiness: @Sendable () async -> [String]
    private nonisolated let started = NodeClock.system.now
    private nonisolated let startedInstant = ContinuousClock.now
    /// Names that were read from the state directory.
    private var names: [InfoHash: String] = [:]
    /// The last change of members that was begun.
    private var changing: Task<Void, Never>?

    init(
        _ store: TorrentStore, feed: EventFeed, web: WebReport?, facts: NodeFacts,
        readiness: @escaping @Sendable () async -> [String]
    ) {
        (self.store, self.feed, self.web, self.facts) = (store, feed, web, facts)
        self.readiness = readiness
        metrics = ControlMetrics(store.engine.metricsFactory)
    }

    // MARK: - The node

    /// By how much the wall clock was set since the start.
    nonisolated func clockDrift(at time: UnixTime) -> Duration {
        time.since(started) - (ContinuousClock.now - startedInstant)
    }

    nonisolated func notReady() async -> [String] {
        var reasons = await readiness()
        let away = await engine.unavailableInterfaces.sorted()
        if !away.isEmpty { reasons.append("the interface \(away.joined(separator: ", ")) is away") }
        return reasons
    }

    nonisolated func status() async throws -> NodeStatus {
        var counts = NodeStatus.Counts()
        var (down, up, peers) = (UInt64(0), UInt64(0), 0)
        for entry in await store.torrents {
            let report = await report(entry, name: nil)
            counts.total += 1
            switch report.state {
            case .paused: counts.paused += 1
            case .checking, .metadata: counts.preparing += 1
            case .downloading: counts.downloading += 1
            case .finished, .seeding: counts.seeding += 1
            case .failed: counts.failed += 1
            }
            down += report.downloadRate
            up += report.uploadRate
            peers += report.connectedPeers
        }
        let uptime = (ContinuousClock.now - startedInstant).components
        return NodeStatus(
            version: PackageVersion.current, engineVersion: try Engine.versions().engineRunning,
            processID: getpid(), startedTime: started,
            uptimeSeconds: Double(uptime.seconds) + Double(uptime.attoseconds) / 1e18,
            listen: await engine.listeningEndpoints.map(\.description),
            unavailableInterfaces: await engine.unavailableInterfaces.sorted(), stateDirectory: store.path,
            wasUnclean: store.report.wasUnclean, stateProblems: store.report.problems.count,
            downloadRate: down,
            uploadRate: up, connectedPeers: peers, torrents: counts, notReady: await notReady(), web: web)
    }

    /// Looks at what is no event, and hands over all metrics.
    nonisolated func exposedMetrics() async throws -> String {
        guard let exposition = facts.metrics else {
            throw Problem(
                404, "notFound", "the node keeps no metrics",
                remedy: "give its control server metrics (Docs/Metrics.md)")
        }
        try await store.recordMetrics()
        metrics.record(feed)
        return await exposition()
    }

    /// - Throws: ``Problem`` where the node does not tell.
    nonisolated func settings() async throws -> SettingsReport {
        guard let settings = facts.settings else {
            throw Problem(404, "notFound", "this node does not tell its settings")
        }
        return try await settings()
    }

    /// - Throws: ``Problem`` where the node does not tell.
    nonisolated func log() throws(Problem) -> LogReport {
        guard let log = facts.log else { throw Problem(404, "notFound", "this node does not tell its log") }
        return log.report
    }

    nonisolated func refusals() async throws(EngineError) -> RefusalReport {
        let refusals = try await engine.refusals()
        var denied: [RefusedEntry] = []
        for peer in refusals.latest {
            let infoHash = if let id = peer.torrent { await engine.infoHash(of: id) } else { InfoHash?.none }
            denied.append(
                RefusedEntry(
                    endpoint: peer.endpoint, infoHash: infoHash, direction: peer.direction,
                    reason: peer.reason, tries: peer.tries, firstSecondsAgo: seconds(peer.sinceFirst),
                    lastSecondsAgo: seconds(peer.sinceLast),
                    formerMember: peer.formerMember.map { FormerMemberReport($0) }))
        }
        return RefusalReport(
            totals: Dictionary(uniqueKeysWithValues: refusals.totals.map { ($0.key.rawValue, $0.value) }),
            denied: denied, forgotten: refusals.forgotten)
    }

    // MARK: - Torrents

    nonisolated func torrents() async -> [TorrentReport] {
        var out: [TorrentReport] = []
        for entry in await store.torrents { out.append(await report(entry, name: await name(of: entry))) }
        return out
    }

    nonisolated func torrent(_ infoHash: InfoHash) async throws -> TorrentReport {
        let entry = try await entry(infoHash)
        return await report(entry, name: await name(of: entry))
    }

    nonisolated func entry(_ infoHash: InfoHash) async throws(EngineError) -> TorrentEntry {
        guard let entry = await store.entry(infoHash) else {
            throw EngineError(
                .torrentNotFound, "use torrent \(infoHash)", reason: "the node has no such torrent")
        }
        return entry
    }

    /// The torrent in the engine.
    nonisolated func running(_ infoHash: InfoHash, _ operation: String) async throws(EngineError) -> Torrent {
        let entry = try await entry(infoHash)
        if let torrent = await store.torrent(infoHash) { return torrent }
        throw EngineError(
            .wrongState, "\(operation) torrent \(infoHash)", reason: "it does not run",
            remedy: entry.isStarted ? "see its last error" : "resume it")
    }

    private nonisolated func report(_ entry: TorrentEntry, name: String?) async -> TorrentReport {
        let status = try? await store.torrent(entry.infoHash)?.status()
        let error = feed.lastError(of: entry.infoHash)
        return TorrentReport(entry, status, name: name, error: error)
    }

    /// The name; read once. Before the metadata is there, what the invite calls it.
    private func name(of entry: TorrentEntry) async -> String? {
        if let known = names[entry.infoHash] { return known }
        guard entry.sizeBytes > 0 || entry.isComplete else { return entry.displayName }
        let name = try? await store.metainfo(entry.infoHash)?.name
        names[entry.infoHash] = name
        return name
    }

    func forget(_ infoHash: InfoHash) {
        names[infoHash] = nil
        feed.forget(infoHash)
    }

    // MARK: - Members

    /// Changes the members of a torrent, one change after the other: none is lost, and whoever is removed stays so.
    func changeMembers(
        of infoHash: InfoHash, _ change: @escaping @Sendable ([Member]) throws -> [Member]
    ) async throws -> [MemberEntry] {
        let previous = changing
        let work = Task { () async throws -> [MemberEntry] in
            await previous?.value
            let entry = try await entry(infoHash)
            guard entry.job == nil else {
                throw EngineError(
                    .wrongState, "change the members of torrent \(infoHash)",
                    reason: "it belongs to a job, which says who they are", remedy: "change the job's members"
                )
            }
            let members = try Self.limited(try change(entry.members), of: infoHash)
            try await store.setMembers(members, of: infoHash)
            return try await self.members(of: infoHash)
        }
        changing = Task { _ = await work.result }
        return try await work.value
    }

    private nonisolated func seconds(_ duration: Duration) -> Double {
        let (seconds, attoseconds) = duration.components
        return Double(seconds) + Double(attoseconds) / 1e18
    }
}

public import NodeInterface
import NodeSupport
public import TorrentEngine

/// The node's torrent backend: private swarms over one ``Engine``.
///
/// Start one with ``start(options:configuration:)`` and end it with ``shutdown(within:)``. Its options are live: see
/// ``apply(_:)``.
public actor TorrentBackend: BitTorrentBackend {
    /// The options that hold now.
    public internal(set) var options: TorrentBackendOptions
    let configuration: BackendConfiguration
    let resolver: VariantResolver
    /// What is asked of the node's own code.
    let calls = OutsideCalls(clock: .system)
    let rates: RateKeeper
    /// The engine that the backend runs on.
    public nonisolated let engine: Engine
    /// Where its torrents are kept; nil where ``BackendConfiguration/stateDirectory`` is.
    public nonisolated let store: TorrentStore?
    /// Members that are named for a job one by one: by a fallback signal that was accepted, for example.
    public nonisolated let jobPeers: JobPeers

    var running: [InfoHash: RunningTorrent] = [:]
    let probes = SharedWork<InfoHash, CandidateValidation?>()
    /// The members of the probes that are under way.
    var probing: [InfoHash: Membership] = [:]
    private var lastRun: UInt64 = 0
    /// Hears of what the store removes by itself.
    var retiring: Task<Void, Never>?

    private init(
        _ options: TorrentBackendOptions, _ configuration: BackendConfiguration, _ engine: Engine,
        _ store: TorrentStore?
    ) {
        self.options = options
        self.configuration = configuration
        self.engine = engine
        self.store = store
        jobPeers = JobPeers()
        rates = RateKeeper(engine: engine, clock: configuration.clock)
        resolver = VariantResolver(configuration: configuration)
    }

    /// Validates the options and starts an engine; and takes up what ran when the last run ended, where there is a state
    /// directory: that goes on when this returns, and what cannot be taken up is told by ``TorrentStore/events(buffering:)``.
    ///
    /// - Throws: `.invalidOptions` naming the keys at fault, `.network` where it cannot listen, `.unsupported` where
    ///   the engine does not fit, `.storage` where the state directory cannot be used: another process has it, say.
    public static func start(
        options: TorrentBackendOptions, configuration: BackendConfiguration = BackendConfiguration()
    ) async throws(BackendError) -> TorrentBackend {
        try options.validate()
        let engine = try await translatingErrors { () throws(EngineError) in
            try await Engine.start(configuration.engine)
        }
        var store: TorrentStore?
        if let folder = configuration.stateDirectory {
            do throws(EngineError) {
                store = try await TorrentStore.open(
                    folder, engine: engine,
                    options: configuration.stateOptions)
            } catch {
                try? await engine.shutdown()
                throw BackendError(error)
            }
        }
        let backend = TorrentBackend(options, configuration, engine, store)
        do throws(BackendError) {
            try await backend.keepRates()
        } catch {
            try? await engine.shutdown()
            throw error
        }
        await backend.takeUp()
        await backend.followStore()
        return backend
    }

    /// Whether the backend is enabled.
    public var isSupported: Bool { options.enabled }

    /// Where members of its swarms reach it; empty where it does not listen.
    public var listenEndpoints: [String] {
        get async { await engine.listeningEndpoints.map(\.description) }
    }

    /// Stops everything, in at most about `limit`; what is kept in the state directory is saved first, and that may take
    /// half of it.
    public func shutdown(within limit: Duration = .seconds(5)) async throws(BackendError) {
        retiring?.cancel()
        _ = await store?.shutdown(within: limit / 2)
        // Their ends are not waited for: that of the engine is, and has a limit.
        for run in running.values { await run.cancel() }
        running.removeAll()
        try await translatingErrors { () throws(EngineError) in try await engine.shutdown(within: limit) }
    }

    // MARK: - Shared by the extensions

    func nextRun() -> UInt64 {
        lastRun += 1
        return lastRun
    }

    /// The members of a torrent that is about to run.
    func membership(
        of jobID: String?, sources named: [SwarmSource] = [], holder: String = TorrentBackend.node
    ) throws(BackendError) -> Membership {
        var list = try MemberList(options.privateMode)
        list.set(named, namedFor: holder)
        return membership(list, of: jobID)
    }

    func membership(_ list: MemberList, of jobID: String?) -> Membership {
        var sources = configuration.peerSources + [jobPeers]
        if let overlay = configuration.overlay { sources.append(OverlayPeerSource(overlay)) }
        return Membership(
            list, sources: sources, jobID: jobID,
            messages: configuration.peerID.map { MessageChannel(peerID: $0) })
    }

    func requireEnabled(_ operation: String) throws(BackendError) {
        guard options.enabled else {
            throw BackendError(
                .disabled, operation, reason: "the torrent backend is disabled",
                remedy: "set \(OptionKey.enabled.full) to true")
        }
    }

    func runsAlready(_ infoHash: InfoHash) -> BackendError {
        BackendError(
            .refused, "run torrent \(infoHash)", reason: "it already runs for another job",
            remedy: "wait for that to end, or remove it")
    }
}

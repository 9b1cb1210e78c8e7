import Logging
import NodeControl
import NodeInterface
import PrivateTorrent
import PrometheusMetrics
import SwarmdSupport
import TorrentEngine

/// A node: an engine, its state directory and its control socket, from the first to the last.
actor Daemon {
    /// How long an orderly end may take.
    static let stopLimit: Duration = .seconds(20)

    private let path: String
    private let log: DaemonLog
    private let logger: Logger
    private let manager: ServiceManager
    private let metrics: PrometheusRegistry
    /// Those that the node was started with.
    private let settings: SwarmdSettings
    /// Those that were read last: what is live of them counts.
    private var live: SwarmdSettings
    private let engine: Engine
    private let store: TorrentStore
    private let keeper: RateKeeper
    private var server: ControlServer?
    /// Whether every torrent of the state directory was taken up, or tried.
    private var isRestored = false

    private init(
        _ path: String, _ log: DaemonLog, _ manager: ServiceManager, _ metrics: PrometheusRegistry,
        _ settings: SwarmdSettings, _ engine: Engine, _ store: TorrentStore
    ) {
        (self.path, self.log, self.manager, self.metrics) = (path, log, manager, metrics)
        self.settings = settings
        (self.live, self.engine, self.store) = (settings, engine, store)
        logger = log.logger("swarmd")
        keeper = RateKeeper(engine: engine)
    }

    /// Reads the file, and starts everything but the torrents.
    static func start(
        _ path: String, _ log: DaemonLog, _ manager: ServiceManager, _ metrics: PrometheusRegistry
    ) async throws -> Daemon {
        let settings = try await read(path)
        let options = settings.options
        log.use(options)
        let engine = try await Engine.start(
            EngineConfiguration(
                listen: options.listen, freeSpaceFloor: options.freeSpaceFloor, logger: log.logger("engine"),
                metrics: metrics))
        do {
            let store = try await TorrentStore.open(
                options.stateDirectory, engine: engine, options: .init(budgetBytes: options.budgetBytes))
            let daemon = Daemon(path, log, manager, metrics, settings, engine, store)
            do {
                try await daemon.begin()
            } catch {
                _ = await store.shutdown()
                throw error
            }
            return daemon
        } catch {
            try? await engine.shutdown()
            throw error
        }
    }

    private static func read(_ path: String) async throws -> SwarmdSettings {
        try await blocking("read \(path)") { () throws(EngineError) in
            do throws(BackendError) {
                return try SwarmdSettings.checked(path: path)
            } catch {
                throw EngineError(
                    .invalidArgument, error.operation, reason: error.reason, remedy: error.remedy)
            }
        }
    }

    private func begin() async throws {
        try await apply(settings)
        let options = settings.options
        let facts = NodeFacts(
            settings: { [weak self] in
                guard let self else { throw CancellationError() }
                return try await report()
            }, log: log.ring, metrics: { [metrics] in metrics.exposition() })
        let server = try await ControlServer.start(
            store, at: options.controlSocket, loopback: options.loopback,
            readiness: { [weak self] in await self?.notReady ?? [] }, facts: facts)
        self.server = server
        let places = await engine.listeningEndpoints.map(\.description).joined(separator: ", ")
        logger.notice("listening on \(places), control socket \(options.controlSocket)")
        if let web = server.web { logger.notice("dashboard at \(web.url), its token in \(web.tokenFile)") }
        if store.report.wasUnclean { logger.warning("the run before did not end as it should") }
        for problem in store.report.problems {
            logger.error("\(problem.file): \(problem.reason); \(problem.consequence)")
        }
    }

    private var notReady: [String] { isRestored ? [] : ["torrents are being taken up"] }

    /// Takes up the torrents, and tells the service manager.
    func restore() async {
        for (infoHash, error) in await store.restore() {
            logger.error("torrent \(infoHash) was not taken up: \(error)")
        }
        isRestored = true
        let count = await store.torrents.count
        logger.info("\(count) torrents are kept")
        await manager.notify("READY=1\nSTATUS=\(count) torrents")
    }

    /// Tells the service manager that we live, as often as it asks for, until the task is cancelled. An engine or a store
    /// that does not answer is not alive.
    func watch() async {
        guard let interval = manager.watchdogInterval else { return }
        while (try? await Task.sleep(for: interval)) != nil {
            _ = try? await engine.listeningState()
            _ = await store.torrents
            await manager.notify("WATCHDOG=1")
        }
    }

    /// Writes the store's troubles into the log, until the store ends.
    func report() async {
        for await event in store.events() {
            switch event {
            case .saveFailed(let infoHash, let error):
                logger.error("torrent \(infoHash) was not saved: \(error)")
            // What could not be taken up at the start is told there.
            case .notRestored(let infoHash, let error)
            where isRestored && error.code != .cancelled && error.code != .torrentNotFound:
                logger.error("torrent \(infoHash) stopped: \(error)")
            case .retired(let infoHash, let reason):
                logger.notice("torrent \(infoHash) went: \(reason.rawValue)")
            case .problem(let problem): logger.error("\(problem.file): \(problem.reason)")
            default: break
            }
        }
    }

    // MARK: - Changing

    /// Reads the file again, as at a SIGHUP; what is wrong in it changes nothing.
    func reload() async {
        do {
            let fresh = try await Self.read(path)
            try await apply(fresh)
            live = fresh
            log.use(fresh.options)
            logger.notice("read \(path) again")
            let fixed = fresh.report(changing: settings.settings, live: settings).settings
                .filter { $0.isChanged && !$0.isLive }.map(\.key)
            if !fixed.isEmpty {
                logger.warning("\(fixed.joined(separator: ", ")) counts from the next start on")
            }
        } catch {
            logger.error("\(path) was not taken, and what held goes on: \(error)")
        }
    }

    private func apply(_ settings: SwarmdSettings) async throws {
        for warning in settings.warnings { logger.warning("\(warning)") }
        try await keeper.keep(try settings.torrent.limits.parsed())
    }

    /// What the node runs with, and what its file says by now.
    private func report() async throws -> SettingsReport {
        let running = settings.running(withLiveOf: live)
        do {
            let (path, live) = (path, live)
            return try await blocking("read \(path)") { () throws(EngineError) in
                do throws(BackendError) {
                    return try SwarmdSettings(path: path).report(changing: running, live: live)
                } catch {
                    throw EngineError(.invalidArgument, error.operation, reason: error.reason)
                }
            }
        } catch {
            return SettingsReport(file: path, settings: running, problems: ["\(error)"])
        }
    }

    // MARK: - The end

    /// Ends everything in order: nobody is served, torrents are saved, the engine closes.
    func stop() async {
        await manager.notify("STOPPING=1")
        logger.notice("stopping")
        await server?.stop(within: .seconds(3))
        let unsaved = await store.shutdown(within: .seconds(10))
        for infoHash in unsaved { logger.warning("torrent \(infoHash) was not saved in time") }
        do throws(EngineError) { try await engine.shutdown(within: .seconds(5)) } catch {
            logger.warning("\(error)")
        }
        logger.notice("stopped")
    }
}

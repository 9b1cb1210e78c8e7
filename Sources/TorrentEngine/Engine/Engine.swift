import CLibtorrent
import Logging

/// A BitTorrent engine for private swarms: libtorrent with every public channel closed, behind an admission gate.
///
/// An actor on a thread of its own: its methods may block that thread for moments, never the cooperative pool. Start
/// one with ``start(_:)``, and end it with ``shutdown(within:)``; an engine that is dropped without that is ended in
/// the background.
public actor Engine {
    nonisolated let thread: EngineThread
    nonisolated let hub = EventHub<EngineEvent> { missed, next in
        EngineEvent(sequence: next.sequence, torrent: nil, kind: .gap(missed))
    }
    nonisolated let messageHub = EventHub<PeerMessage>()
    nonisolated let logger: Logger
    var metrics: EngineMetrics
    let configuration: EngineConfiguration

    var native: NativeEngine?
    var records: [Torrent.ID: TorrentRecord] = [:]
    let milestones = PendingAnswers<Void>()
    let resumeData = PendingAnswers<[UInt8]>()
    let removals = PendingAnswers<[LeftFile]>()
    let moves = PendingAnswers<[LeftFile]>()
    nonisolated let pieceData = PendingAnswers<[UInt8]>()
    private var lastRequest: UInt64 = 0
    /// What became of the listening sockets so far.
    var listeners = ListenerStates()
    var listening: [PeerEndpoint] { listeners.standing }
    var listenFailures: [EngineError] { listeners.failures.map(\.error) }
    var formerMembers = FormerMembers()
    var interfacesDown: Set<String> = []
    /// Limits as they were set.
    var limits = RateLimits()
    var classLimits: [RateClass: RateLimits] = [:]

    /// Runs on the engine's own thread.
    public nonisolated var unownedExecutor: UnownedSerialExecutor { thread.asUnownedSerialExecutor() }

    private init(_ configuration: EngineConfiguration, thread: EngineThread) {
        self.configuration = configuration
        self.thread = thread
        logger = configuration.logger
        metrics = EngineMetrics(configuration.metrics)
    }

    deinit {
        hub.finish()
        messageHub.finish()
        let native = native
        thread.finish { native?.destroy(within: .seconds(10)) }
    }

    /// Starts an engine and waits until its listening sockets stand.
    ///
    /// - Throws: ``EngineError`` with `.versionMismatch`, `.invalidArgument`, or, for a listening socket that could
    ///   not be had, `.addressInUse`, `.addressNotAvailable`, `.permissionDenied` or `.network`. For an interface:
    ///   `.addressNotAvailable` where it is not there, is down or has no address, and `.permissionDenied` where this
    ///   process cannot bind a socket to it (SO_BINDTODEVICE).
    public static func start(
        _ configuration: EngineConfiguration = EngineConfiguration()
    ) async throws(EngineError) -> Engine {
        for address in configuration.listen { try address.checkInterface() }
        // libtorrent binds a UDP socket, which is never used, to the port that the system has chosen for TCP, and gives up
        // where somebody has that: then the system chooses again.
        var tries = configuration.listen.contains { $0.port == 0 } ? 10 : 1
        while true {
            let engine = Engine(configuration, thread: try EngineThread())
            do throws(EngineError) {
                try await engine.open()
                try await engine.waitForListeners()
                return engine
            } catch {
                try? await engine.shutdown(within: .seconds(5))
                tries -= 1
                guard error.code == .addressInUse, tries > 0 else { throw error }
            }
        }
    }

    /// The versions of the shim and of libtorrent.
    public static func versions() throws(EngineError) -> EngineVersions {
        var versions = clt_versions()
        versions.struct_size = UInt32(MemoryLayout<clt_versions>.size)
        try nativeCall("read the versions") { clt_get_versions(&versions, $0) }
        return EngineVersions(
            shimABI: versions.abi, engineCompiled: String(cString: versions.engine_compiled),
            engineRunning: String(cString: versions.engine_running),
            internalsUsable: versions.internals_usable != 0)
    }

    /// The engine's events from now on, in order.
    ///
    /// - Parameter limit: How many may wait before a ``EngineEvent/Kind/gap(_:)`` takes their place, 1 or more.
    public nonisolated func events(buffering limit: Int = 4096) -> EngineEvents {
        EngineEvents(stream: hub.subscribe(buffering: limit))
    }

    /// Where the engine listens, with the real ports.
    public var listeningEndpoints: [PeerEndpoint] { listening }

    /// The interfaces that the engine is bound to and that are away. While there is one, the engine stands still: no
    /// connection, no listening socket, no dial. Its torrents and members stay, and it goes on by itself.
    public var unavailableInterfaces: Set<String> { interfacesDown }

    /// The effective values of the settings that keep the engine private, by libtorrent's names.
    public func closedSettings() throws(EngineError) -> [String: String] {
        let handle = try liveHandle("read the settings")
        var bytes: OpaquePointer?
        try nativeCall("read the settings") { clt_engine_get_settings(handle, &bytes, $0) }
        defer { clt_bytes_free(bytes) }
        let lines = String(decoding: copyBytes(bytes), as: UTF8.self).split(separator: "\n")
        return Dictionary(
            lines.map { line in
                let parts = line.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
                return (String(parts[0]), parts.count > 1 ? String(parts[1]) : "")
            }, uniquingKeysWith: { _, last in last })
    }

    /// Limits of the whole engine in bytes a second; 0 for none. They hold on loopback and private ranges too.
    public func setRateLimits(upload: UInt64, download: UInt64) throws(EngineError) {
        let handle = try liveHandle("set rate limits")
        try nativeCall("set rate limits") { clt_engine_set_rate_limits(handle, upload, download, $0) }
        limits = RateLimits(upload: upload, download: download)
    }

    /// Closes every connection and file and ends the engine; everything that waits for it fails with `.shutDown`.
    ///
    /// - Parameter limit: How long to wait for the engine's threads; about that much is the bound of this call.
    /// - Throws: `.timedOut` where the threads did not end in time: they end in the background.
    public func shutdown(within limit: Duration = .seconds(5)) throws(EngineError) {
        guard let ended = native else { return }
        native = nil
        thread.watch(-1, onEvents: nil)
        let error = EngineError(.shutDown, "use the engine", reason: "it was shut down")
        milestones.failAll(error)
        resumeData.failAll(error)
        removals.failAll(error)
        moves.failAll(error)
        pieceData.failAll(error)
        records.removeAll()
        hub.finish()
        messageHub.finish()
        try ended.close(within: limit)
    }

    // MARK: - Shared by the extensions

    func nextRequest() -> UInt64 {
        lastRequest += 1
        return lastRequest
    }

    func liveHandle(_ operation: String) throws(EngineError) -> OpaquePointer {
        guard let native else { throw EngineError(.shutDown, operation, reason: "the engine was shut down") }
        return native.handle
    }

    private func open() throws(EngineError) {
        let native = try NativeEngine(configuration)
        self.native = native
        thread.watch(clt_engine_event_fd(native.handle)) { [weak self] in
            self?.assumeIsolated { $0.drainEvents() }
        }
    }

    private func waitForListeners() async throws(EngineError) {
        let expected = configuration.listen.filter { $0.address != nil }.count
        let clock = ContinuousClock()
        let deadline = clock.now + .seconds(5)
        while listening.count + listenFailures.count < max(expected, configuration.listen.isEmpty ? 0 : 1) {
            guard clock.now < deadline else {
                throw EngineError(
                    .timedOut, "listen on \(configuration.listen.map(\.description).joined(separator: ", "))",
                    reason: "no answer from the engine", remedy: "check that the address is on this machine")
            }
            // The engine binds before it answers anything else, so this ends at the first look but for interfaces.
            try? await Task.sleep(for: .milliseconds(1))
            if Task.isCancelled {
                throw EngineError(.cancelled, "start an engine", reason: "the task was cancelled")
            }
        }
        if let failure = listenFailures.first { throw failure }
    }
}

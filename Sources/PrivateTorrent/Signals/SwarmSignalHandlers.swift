public import Metrics
public import NodeInterface
public import NodeSupport

/// Both sides of falling back to a private swarm: answers the requests of peers, and makes requests of its own.
///
/// ``start()`` it, and ``stop()`` it: until then it answers what arrives on the bus. What a peer asks for is done only
/// for a participant of the job, with the policy's leave, and within ``SwarmSignalOptions``.
public actor SwarmSignalHandlers {
    let localPeerID: String
    let bus: any SignalBus
    let jobs: any SwarmJobStore
    let policy: any SecurityPolicy
    let backend: any BitTorrentBackend
    let options: SwarmSignalOptions
    let clock: NodeClock
    let endpoints: FallbackEndpoints
    /// Everything that is asked of code that is not ours.
    let calls: OutsideCalls
    let report: (@Sendable (FallbackAnswer) -> Void)?
    let metrics: FallbackMetrics

    /// A request, by who sent it: IDs of two senders have nothing to do with each other.
    struct RequestKey: Hashable {
        let peerID: String
        let signalID: String
    }

    /// A request of a peer that is being answered.
    struct Answer {
        let jobID: String
        let task: Task<Void, Never>
        /// It ends, and what cancelled it counts once.
        var isCancelled = false
    }

    /// A fallback that is held for a request of a peer.
    struct Held {
        let jobID: String
        let fallbackID: String
        /// Lets it go when its time is over.
        let watch: Task<Void, Never>
    }

    /// A request of this node, from before it is sent until the file is here.
    struct Request {
        let peerID: String
        let jobID: String
        let variantID: String
        let work: Task<Result<FetchedContent, BackendError>, Never>
        /// Where its answer goes; nil before it can come, and once it has.
        var answer: AsyncStream<RequestBtFallbackAck>.Continuation?
        /// Why it must end, where somebody else ended it.
        var ending: BackendError?
    }

    struct ContentKey: Hashable {
        let peerID: String
        let contentID: String
    }

    var answers: [RequestKey: Answer] = [:]
    var held: [RequestKey: Held] = [:]
    var requests: [String: Request] = [:]
    /// The last preparation for that peer and content: the next one waits for it.
    var preparations: [ContentKey: (id: UInt64, task: Task<Result<String, BackendError>, Never>)] = [:]
    /// What nobody waits for but ``stop()``, which is bounded each: farewells, refusals, what is given back.
    private var errands: [UInt64: Task<Void, Never>] = [:]
    private var idleWaiters: [CheckedContinuation<Void, Never>] = []
    private var reader: Task<Void, Never>?
    private var lastID: UInt64 = 0

    /// What was done so far.
    public internal(set) var statistics: SwarmSignalStatistics {
        get {
            var statistics = counts
            statistics.abandonedCalls = calls.abandonedCount
            return statistics
        }
        set { counts = newValue }
    }
    private var counts = SwarmSignalStatistics()

    /// Makes handlers for one node.
    ///
    /// - Parameters:
    ///   - localPeerID: This node's ID in the overlay.
    ///   - bus: Carries the signals.
    ///   - jobs: Says which jobs there are, and who takes part.
    ///   - policy: Decides whether a peer may.
    ///   - backend: Seeds and fetches.
    ///   - overlay: Knows where peers are; nil: only what a job's sources say is known.
    ///   - report: Called with each answer that this node gives, on no particular thread. It must not block.
    ///   - metrics: Where its metrics go: by default to what the process has bootstrapped, if anything.
    public init(
        localPeerID: String, bus: any SignalBus, jobs: any SwarmJobStore, policy: any SecurityPolicy,
        backend: any BitTorrentBackend, overlay: (any OverlayPeerProvider)? = nil,
        options: SwarmSignalOptions = SwarmSignalOptions(), clock: NodeClock = .system,
        report: (@Sendable (FallbackAnswer) -> Void)? = nil,
        metrics: any MetricsFactory = MetricsSystem.factory
    ) {
        self.metrics = FallbackMetrics(metrics)
        self.localPeerID = localPeerID
        self.bus = bus
        self.jobs = jobs
        self.policy = policy
        self.backend = backend
        self.options = options
        self.clock = clock
        self.report = report
        calls = OutsideCalls(clock: clock)
        endpoints = FallbackEndpoints(
            overlay: overlay, policy: policy, calls: calls, callLimit: options.callLimit,
            policyLimit: options.ttl)
    }

    /// Whether it answers.
    public var isRunning: Bool { reader != nil }

    /// How many requests of peers are held a fallback for.
    public var heldCount: Int { held.count }

    /// How many requests of peers are being answered.
    public var answeringCount: Int { answers.count }

    /// Begins to answer; nothing where it does already.
    public func start() async {
        guard reader == nil else { return }
        // Set before anything is waited for, so that two starts make one reader.
        let bus = bus
        let (ready, isReady) = AsyncStream.makeStream(of: Void.self)
        reader = Task { [weak self] in
            let signals = await bus.signals()
            isReady.finish()
            for await received in signals {
                guard let self, !Task.isCancelled else { return }
                await self.take(received.signal)
            }
        }
        for await _ in ready {}
    }

    /// Stops to answer, ends every request of this node with `.shutDown`, and releases what is held for peers.
    ///
    /// Returns when all of that has ended; what the node's own code does not end is left to itself after
    /// ``SwarmSignalOptions/windDown`` or ``SwarmSignalOptions/callLimit``.
    public func stop() async {
        guard let reader else { return }
        self.reader = nil
        reader.cancel()
        for answer in answers.values { answer.task.cancel() }
        for id in requests.keys {
            end(request: id, with: BackendError(.shutDown, "fall back", reason: "the node is stopping"))
        }
        for answer in answers.values { await answer.task.value }
        await release(all: Array(held.keys))
        if !requests.isEmpty { await withCheckedContinuation { idleWaiters.append($0) } }
        for errand in errands.values { await errand.value }
    }

    // MARK: - What arrives

    private func take(_ signal: Signal) {
        guard isRunning else { return drop(.stopped) }
        guard signal.toPeerID == localPeerID else { return drop(.wrongAddressee) }
        switch signal.body {
        case .requestBtFallback(let body): begin(body, signal)
        case .requestBtFallbackAck(let body): take(body, from: signal.fromPeerID)
        case .jobCancel(let body): take(body, from: signal.fromPeerID)
        }
    }

    func drop(_ reason: SignalDrop) { statistics.drops[reason, default: 0] += 1 }

    // MARK: - What is sent

    func signal(to peerID: String, _ body: SignalBody, id: String = Signal.randomID()) -> Signal {
        Signal(
            signalID: id, fromPeerID: localPeerID, toPeerID: peerID, sentAt: clock.now, body: body,
            ttl: options.ttl, preferredChannels: options.preferredChannels)
    }

    /// Sends it; the bus is waited for in bounds.
    func send(_ signal: Signal, within limit: Duration? = nil) async throws(BackendError) {
        let bus = bus
        try await ask("send a \(signal.type) signal", within: limit ?? options.callLimit) {
            () throws(BackendError) in
            try await bus.send(signal)
        }
    }

    /// Tells a peer that what a request started is over, without waiting for it.
    func sendCancel(to peerID: String, jobID: String, requestID: String) {
        let signal = signal(
            to: peerID, .jobCancel(JobCancel(jobID: jobID, requestSignalID: requestID)))
        // Where it does not arrive, the other side lets go by itself after a while.
        errand { try? await self.send(signal) }
    }

    /// How many errands are under way.
    var errandCount: Int { errands.count }

    /// Does something bounded that only ``stop()`` waits for.
    func errand(_ body: @escaping @Sendable () async -> Void) {
        let id = nextID()
        errands[id] = Task {
            await body()
            errands[id] = nil
        }
    }

    /// Asks the node's own code something.
    func ask<Value: Sendable>(
        _ operation: String, within limit: Duration? = nil, windDown: Duration = .zero,
        late: (@Sendable (Value) async -> Void)? = nil,
        _ body: @escaping @Sendable () async throws(BackendError) -> Value
    ) async throws(BackendError) -> Value {
        return try await calls.call(operation, within: limit, windDown: windDown, late: late, body)
    }

    func forget(request id: String) {
        requests[id] = nil
        guard requests.isEmpty else { return }
        for waiter in idleWaiters { waiter.resume() }
        idleWaiters.removeAll()
    }

    func nextID() -> UInt64 {
        lastID += 1
        return lastID
    }
}

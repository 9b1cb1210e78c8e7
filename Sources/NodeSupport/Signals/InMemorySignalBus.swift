public import NodeInterface

/// A signal bus that lives in one process: it checks what arrives, delivers each signal once, and sends over the first
/// channel that takes it.
public actor InMemorySignalBus: SignalBus {
    private struct Sender {
        var bucket: TokenBucket
        var seen: RecentSet<String>
    }

    private let localPeerID: String
    private let options: SignalBusOptions
    private let clock: NodeClock
    private var channels: [(channel: any SignalChannel, calls: OutsideCalls)] = []
    private var senders: [String: Sender] = [:]
    private var recentSenders: RecentSet<String>
    private var readers: [Int: AsyncStream<ReceivedSignal>.Continuation] = [:]
    private var lastReader = 0
    private var pendingSends = 0
    private var isStopped = false

    /// What it has done so far.
    public private(set) var statistics = SignalBusStatistics()

    /// Makes a bus for one node.
    public init(
        localPeerID: String, options: SignalBusOptions = SignalBusOptions(), clock: NodeClock = .system
    ) {
        self.localPeerID = localPeerID
        self.options = options
        self.clock = clock
        recentSenders = RecentSet(capacity: options.rememberedSenders)
    }

    /// Adds a channel; of two of one kind the one that was added first is asked first.
    public func add(_ channel: any SignalChannel) {
        channels.append(
            (channel, OutsideCalls(clock: clock, mostAbandoned: max(1, options.unansweredPerChannel))))
    }

    /// Takes every channel of a kind away.
    public func removeChannels(of kind: SignalChannelKind) { channels.removeAll { $0.channel.kind == kind } }

    /// Ends the bus: readers' streams end, and nothing is sent or delivered any more.
    public func stop() {
        isStopped = true
        channels.removeAll()
        for reader in readers.values { reader.finish() }
        readers.removeAll()
    }

    // MARK: - Out

    /// Sends a signal over the first of its preferred channels that takes it.
    ///
    /// - Throws: `.refused` where it is not from this node; `.timedOut` where it has expired; `.limitExceeded` where it
    ///   is too large, or too many are being sent; `.noPeer` where no channel took it; `.cancelled`, `.shutDown`.
    public func send(_ signal: Signal) async throws(BackendError) {
        let operation = "send a \(signal.type) signal"
        guard !isStopped else { throw BackendError(.shutDown, operation, reason: "the bus was stopped") }
        guard signal.fromPeerID == localPeerID else {
            throw BackendError(.refused, operation, reason: "it is not from this node")
        }
        guard signal.expiresAt > clock.now else {
            throw BackendError(.timedOut, operation, reason: "it has expired")
        }
        guard pendingSends < options.pendingSends else {
            throw BackendError(
                .limitExceeded, operation, reason: "\(pendingSends) signals are being sent already")
        }
        let envelope = try SignalCodec.encode(signal)
        pendingSends += 1
        defer { pendingSends -= 1 }
        for kind in signal.preferredChannels {
            for (channel, calls) in channels where channel.kind == kind {
                let remaining = signal.expiresAt.since(clock.now)
                guard remaining > .zero else {
                    throw BackendError(.timedOut, operation, reason: "no channel took it before it expired")
                }
                let limit = min(options.channelLimit, remaining)
                switch await calls.call(within: limit, { await channel.take(envelope, of: signal) }) {
                case .value(true):
                    statistics.sent += 1
                    return
                case .value(false): break
                case .cancelled:
                    throw BackendError(.cancelled, operation, reason: "the task was cancelled")
                case .timedOut, .tooMany: statistics.unanswered += 1
                }
                statistics.declined += 1
            }
        }
        throw BackendError(
            .noPeer, operation, reason: "no channel reaches the peer",
            remedy: "connect to it over the mesh, or over a BitTorrent connection")
    }

    // MARK: - In

    /// The signals that arrive from now on, each once, for one reader; where too many wait, the newest are dropped.
    public func signals() -> AsyncStream<ReceivedSignal> {
        let (stream, continuation) = AsyncStream.makeStream(
            of: ReceivedSignal.self, bufferingPolicy: .bufferingOldest(max(1, options.waitingPerReader)))
        guard !isStopped else {
            continuation.finish()
            return stream
        }
        lastReader += 1
        let reader = lastReader
        readers[reader] = continuation
        continuation.onTermination = { [weak self] _ in
            Task { await self?.forget(reader) }
        }
        return stream
    }

    /// Takes in what arrived over a channel; nil where it was delivered.
    @discardableResult
    public func receive(
        _ envelope: [UInt8], from peerID: String, over channel: SignalChannelKind
    ) -> SignalDrop? {
        if let drop = takeIn(envelope, from: peerID, over: channel) {
            statistics.drops[drop, default: 0] += 1
            return drop
        }
        statistics.delivered += 1
        return nil
    }

    /// The cheapest checks come first: a flood costs a look at a counter, and no parsing.
    private func takeIn(
        _ envelope: [UInt8], from peerID: String, over channel: SignalChannelKind
    ) -> SignalDrop? {
        guard !isStopped else { return .stopped }
        guard envelope.count <= SignalCodec.maximumBytes else { return .oversize }
        remember(peerID)
        guard senders[peerID]?.bucket.take(at: clock.uptime) == true else { return .rateLimited }
        let signal: Signal
        do throws(BackendError) {
            signal = try SignalCodec.decode(envelope)
        } catch {
            switch error.code {
            case .limitExceeded: return .oversize
            case .unsupported: return .unknownType
            default: return .malformed
            }
        }
        guard signal.fromPeerID == peerID else { return .spoofedSender }
        guard signal.toPeerID == localPeerID else { return .wrongAddressee }
        let now = clock.now
        guard signal.sentAt.since(now) <= options.maximumSkew, signal.ttl <= options.maximumTTL else {
            return .skewed
        }
        guard signal.expiresAt > now else { return .expired }
        guard !readers.isEmpty else { return .noReader }
        guard senders[peerID]?.seen.contains(signal.signalID) != true else {
            _ = senders[peerID]?.seen.insert(signal.signalID)
            return .duplicate
        }
        // A signal that nobody could take is not remembered: its sender may try again.
        guard deliver(ReceivedSignal(signal: signal, channel: channel)) else { return .readerTooSlow }
        _ = senders[peerID]?.seen.insert(signal.signalID)
        return nil
    }

    private func deliver(_ signal: ReceivedSignal) -> Bool {
        var isTaken = false
        for reader in readers.values {
            if case .enqueued = reader.yield(signal) { isTaken = true }
        }
        return isTaken
    }

    private func remember(_ peerID: String) {
        if senders[peerID] == nil {
            if recentSenders.count >= options.rememberedSenders, let gone = recentSenders.leastRecent {
                senders[gone] = nil
            }
            senders[peerID] = Sender(
                bucket: TokenBucket(
                    capacity: options.burstPerSender, perSecond: options.signalsPerSecondPerSender,
                    at: clock.uptime),
                seen: RecentSet(capacity: options.rememberedPerSender))
        }
        _ = recentSenders.insert(peerID)
    }

    private func forget(_ reader: Int) { readers[reader] = nil }
}

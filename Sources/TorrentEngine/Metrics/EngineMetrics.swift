package import Metrics

/// What an engine records in swift-metrics.
///
/// What happens seldom is counted when it happens; what the engine counts anyway is looked at when somebody wants to know
/// (``Engine/recordMetrics()``), so that a node that nobody looks at does nothing for it.
struct EngineMetrics: Sendable {
    private let disconnects: [DisconnectReason: Counter]
    private let diskFaults: [String: Counter]
    private let bans: Counter
    private let droppedEvents: Counter

    private var content: [PeerDirection: SampledCounter]
    private var protocolBytes: [PeerDirection: SampledCounter]
    private var failedBytes, redundantBytes: SampledCounter
    private var verifiedPieces, failedPieces, dials: SampledCounter
    private var handshakes: [PeerDirection: SampledCounter]
    private var refusals: [RefusalReason: SampledCounter]
    private var missedEvents: SampledCounter
    private let limitedPeers: [PeerDirection: Meter]
    private let interfacesDown: Meter

    init(_ factory: any MetricsFactory) {
        func counter(_ metric: MetricDescription, _ values: String...) -> Counter {
            Counter(label: metric.label, dimensions: metric.with(values), factory: factory)
        }
        func each<Key: Hashable, Value>(_ keys: [Key], _ make: (Key) -> Value) -> [Key: Value] {
            Dictionary(uniqueKeysWithValues: keys.map { ($0, make($0)) })
        }
        let directions: [PeerDirection] = [.incoming, .outgoing]
        disconnects = each(DisconnectReason.allCases) { counter(.disconnects, $0.rawValue) }
        diskFaults = each(Self.diskFaultKinds) { counter(.diskFaults, $0) }
        bans = counter(.bans)
        content = each(directions) { SampledCounter(counter(.content, $0.ofBytes)) }
        protocolBytes = each(directions) { SampledCounter(counter(.protocolBytes, $0.ofBytes)) }
        failedBytes = SampledCounter(counter(.discarded, "hashFailed"))
        redundantBytes = SampledCounter(counter(.discarded, "redundant"))
        verifiedPieces = SampledCounter(counter(.verifiedPieces))
        failedPieces = SampledCounter(counter(.hashFailures))
        dials = SampledCounter(counter(.dials))
        handshakes = each(directions) { SampledCounter(counter(.handshakes, $0.rawValue)) }
        refusals = each(RefusalReason.allCases) { SampledCounter(counter(.refusals, $0.rawValue)) }
        droppedEvents = counter(.droppedEvents, "engine")
        missedEvents = SampledCounter(counter(.droppedEvents, "subscriber"))
        limitedPeers = each(directions) {
            Meter(
                label: MetricDescription.limitedPeers.label,
                dimensions: MetricDescription.limitedPeers.with([$0.ofBytes]), factory: factory)
        }
        interfacesDown = Meter(label: MetricDescription.interfacesDown.label, factory: factory)
    }

    /// Beside these there is `other`.
    private static let diskFaultCodes: [EngineError.Code] = [
        .diskFull, .contentChanged, .fileExists, .permissionDenied, .inputMissing, .inputOutput,
    ]
    private static let corrupt = "corruptOnDisk"
    private static let other = "other"
    static let diskFaultKinds = diskFaultCodes.map(\.description) + [corrupt, other]

    /// Counts what happened.
    func note(_ kind: EngineEvent.Kind) {
        switch kind {
        case .peerDisconnected(_, _, let reason, _): disconnects[reason]?.increment()
        case .peerBanned: bans.increment()
        case .storageError(let error):
            (diskFaults[error.code.description] ?? diskFaults[Self.other])?.increment()
        case .corruptOnDisk: diskFaults[Self.corrupt]?.increment()
        case .gap(let missed): droppedEvents.increment(by: Int64(clamping: missed))
        default: break
        }
    }

    /// Records what has come to totals that are kept elsewhere.
    mutating func record(
        _ counters: EngineCounters, _ refused: [RefusalReason: UInt64], missedEvents missed: UInt64,
        interfacesDown down: Int
    ) {
        content[.incoming]?.record(total: counters.receivedContentBytes)
        content[.outgoing]?.record(total: counters.sentContentBytes)
        protocolBytes[.incoming]?.record(
            total: counters.receivedBytes - min(counters.receivedBytes, counters.receivedContentBytes))
        protocolBytes[.outgoing]?.record(
            total: counters.sentBytes - min(counters.sentBytes, counters.sentContentBytes))
        failedBytes.record(total: counters.failedBytes)
        redundantBytes.record(total: counters.redundantBytes)
        verifiedPieces.record(total: counters.verifiedPieces)
        failedPieces.record(total: counters.failedPieces)
        dials.record(total: counters.dials)
        handshakes[.incoming]?.record(total: counters.incomingHandshakes)
        handshakes[.outgoing]?.record(total: counters.outgoingHandshakes)
        for (reason, total) in refused { refusals[reason]?.record(total: total) }
        missedEvents.record(total: missed)
        limitedPeers[.incoming]?.set(Int64(counters.downloadLimitedPeers))
        limitedPeers[.outgoing]?.set(Int64(counters.uploadLimitedPeers))
        interfacesDown.set(Int64(down))
    }
}

extension PeerDirection {
    /// Of bytes, not of who dialled.
    fileprivate var ofBytes: String { self == .incoming ? "received" : "sent" }
}

extension Engine {
    /// Where what works with it records, too.
    package nonisolated var metricsFactory: any MetricsFactory { configuration.metrics }

    /// Records in swift-metrics what the engine counts by itself: bytes, pieces, dials, handshakes, refusals, who waits for
    /// a limit. Call it when metrics are collected; what happens seldom is recorded without it.
    ///
    /// - Throws: `.shutDown`.
    public func recordMetrics() throws(EngineError) {
        metrics.record(
            try counters(), try refusals().totals, missedEvents: hub.missed,
            interfacesDown: interfacesDown.count)
    }
}

import Metrics
public import TorrentEngine

/// What a store records in swift-metrics.
final class StoreMetrics: Sendable {
    /// What a torrent is doing, in few words.
    enum Activity: String, CaseIterable {
        case paused, preparing, downloading, seeding, failed
    }

    private let saveTime: Timer
    private let saved, notSaved, restored, notRestored, problems: Counter
    private let retired: [RetentionPlan.Reason: Counter]
    private let torrents: [Activity: Meter]
    private let peers, verifiedBytes, missingBytes: Meter
    /// Those that could not be taken up when that was last tried.
    private let failed = Locked<Set<InfoHash>>([])

    init(_ factory: any MetricsFactory) {
        func counter(_ metric: MetricDescription, _ value: String) -> Counter {
            Counter(label: metric.label, dimensions: metric.with([value]), factory: factory)
        }
        func meter(_ metric: MetricDescription, _ values: String...) -> Meter {
            Meter(label: metric.label, dimensions: metric.with(values), factory: factory)
        }
        saveTime = Timer(label: MetricDescription.saveTime.label, factory: factory)
        saved = counter(.saves, "saved")
        notSaved = counter(.saves, "failed")
        restored = counter(.restores, "restored")
        notRestored = counter(.restores, "failed")
        problems = Counter(label: MetricDescription.stateProblems.label, factory: factory)
        retired = Dictionary(
            uniqueKeysWithValues: RetentionPlan.Reason.allCases.map {
                ($0, counter(.retentionRemovals, $0.rawValue))
            })
        torrents = Dictionary(
            uniqueKeysWithValues: Activity.allCases.map { ($0, meter(.torrents, $0.rawValue)) })
        peers = meter(.peers)
        verifiedBytes = meter(.verifiedBytes)
        missingBytes = meter(.missingBytes)
        // They are there, with 0, before the first one ends.
        _ = FetchMetrics(factory)
    }

    /// A save was written.
    func saved(after time: Duration) { saveTime.record(duration: time) }

    /// Counts what happened.
    func note(_ event: StoreEvent) {
        switch event {
        case .saved: saved.increment()
        case .saveFailed, .notSavedInTime: notSaved.increment()
        case .retired(_, let reason): retired[reason]?.increment()
        case .problem: problems.increment()
        case .restored(let torrent):
            restored.increment()
            _ = failed.withLock { $0.remove(torrent.infoHash) }
        case .notRestored(let infoHash, let error):
            // Paused or removed by hand: nothing went wrong.
            guard error.code != .cancelled, error.code != .torrentNotFound else { return }
            notRestored.increment()
            _ = failed.withLock { $0.insert(infoHash) }
        case .changed: break
        }
    }

    /// Records how things are.
    func record(_ found: [(entry: TorrentEntry, status: TorrentStatus?)]) {
        let all = Set(found.map(\.entry.infoHash))
        let failed = failed.withLock { failed in
            failed.formIntersection(all)
            return failed
        }
        var counts: [Activity: Int64] = [:]
        var (connected, verified, missing) = (0, UInt64(0), UInt64(0))
        for (entry, status) in found {
            counts[Self.activity(entry, status, hasFailed: failed.contains(entry.infoHash)), default: 0] += 1
            connected += status?.connectedPeers ?? 0
            verified += status?.verifiedBytes ?? (entry.isComplete ? entry.sizeBytes : 0)
            if let status {
                missing += status.wantedBytes - min(status.wantedBytes, status.wantedVerifiedBytes)
            }
        }
        for (activity, meter) in torrents { meter.set(counts[activity] ?? 0) }
        peers.set(Int64(connected))
        verifiedBytes.set(Int64(clamping: verified))
        missingBytes.set(Int64(clamping: missing))
    }

    static func activity(_ entry: TorrentEntry, _ status: TorrentStatus?, hasFailed: Bool) -> Activity {
        guard entry.isStarted else { return .paused }
        guard let status else { return hasFailed || entry.role == .unknown ? .failed : .preparing }
        return switch status.state {
        case .metadata, .held, .checking, .unknown: .preparing
        case .downloading: .downloading
        case .finished, .seeding: .seeding
        case .failed: .failed
        }
    }
}

extension TorrentStore {
    /// Records in swift-metrics how the torrents and the engine are: what is no event. Call it when metrics are collected;
    /// the control API's `GET /metrics` does.
    ///
    /// - Throws: `.shutDown` where the engine was shut down.
    public func recordMetrics() async throws(EngineError) {
        try await engine.recordMetrics()
        var found: [(entry: TorrentEntry, status: TorrentStatus?)] = []
        for entry in torrents { found.append((entry, try? await running[entry.infoHash]?.torrent.status())) }
        metrics.record(found)
    }
}

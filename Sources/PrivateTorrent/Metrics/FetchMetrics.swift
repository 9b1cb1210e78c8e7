import Metrics
import TorrentEngine

/// What fetches record in swift-metrics.
struct FetchMetrics: Sendable {
    private enum Outcome: String, CaseIterable {
        case fetched, cancelled, timedOut, noMember, unacceptable, storage, other
    }

    private let outcomes: [Outcome: Counter]

    init(_ factory: any MetricsFactory) {
        let metric = MetricDescription.fetches
        outcomes = Dictionary(
            uniqueKeysWithValues: Outcome.allCases.map {
                ($0, Counter(label: metric.label, dimensions: metric.with([$0.rawValue]), factory: factory))
            })
    }

    /// A fetch has ended.
    func note(_ error: EngineError?) { outcomes[Self.outcome(error)]?.increment() }

    private static func outcome(_ error: EngineError?) -> Outcome {
        switch error?.code {
        case nil: .fetched
        case .cancelled, .shutDown: .cancelled
        case .timedOut: .timedOut
        case .noMember: .noMember
        case .malformed, .limitExceeded, .refusedByPrivateMode, .contentMismatch, .noSuchFile: .unacceptable
        case .diskFull, .fileExists, .permissionDenied, .inputOutput, .inputMissing, .contentChanged: .storage
        default: .other
        }
    }
}

import Metrics
import NodeInterface
import TorrentEngine

/// What fallbacks record in swift-metrics.
struct FallbackMetrics: Sendable {
    private enum Outcome: String, CaseIterable {
        case fetched, refused, timedOut, noPeer, cancelled, failed
    }

    private static let reasons: [FallbackReason] = [
        .ok, .missingJobIDOrVariantID, .unknownJobOrVariant, .securityDenied, .btBackendDisabled,
        .internalError,
    ]

    private let requests: [Outcome: Counter]
    private let answers: [FallbackReason: Counter]

    init(_ factory: any MetricsFactory) {
        func counter(_ metric: MetricDescription, _ value: String) -> Counter {
            Counter(label: metric.label, dimensions: metric.with([value]), factory: factory)
        }
        requests = Dictionary(
            uniqueKeysWithValues: Outcome.allCases.map { ($0, counter(.fallbackRequests, $0.rawValue)) })
        answers = Dictionary(
            uniqueKeysWithValues: Self.reasons.map { ($0, counter(.fallbackAnswers, $0.rawValue)) })
    }

    /// This node asked a peer, and that has ended.
    func asked(_ error: BackendError?) {
        let outcome: Outcome =
            switch error?.code {
            case nil: .fetched
            case .refused: .refused
            case .timedOut: .timedOut
            case .noPeer: .noPeer
            case .cancelled, .shutDown: .cancelled
            default: .failed
            }
        requests[outcome]?.increment()
    }

    /// This node was asked, and answered; it has no other reasons of its own.
    func answered(_ reason: FallbackReason) { answers[reason]?.increment() }
}

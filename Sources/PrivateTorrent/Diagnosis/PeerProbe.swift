public import TorrentEngine

/// How far a connection to a member gets: what `ping` shows.
///
/// It is the engine's own dial, watched: nothing is sent that the torrent would not send to that member anyway.
public struct PeerProbe: Sendable, Hashable, Codable {
    /// The stages, in their order.
    public enum Stage: String, Sendable, Hashable, Codable, CaseIterable {
        /// The engine dials.
        case dial
        /// The TCP connection stands.
        case tcp
        /// Both handshakes are complete (BEP 3, with MSE before it where that is on).
        case handshake
        /// The other side's extension handshake came (BEP 10).
        case extensions
        /// The other side said which pieces it has (BEP 3, BEP 6).
        case bitfield
    }

    /// A stage that was reached.
    public struct Step: Sendable, Hashable, Codable {
        /// Which.
        public var stage: Stage
        /// When, in milliseconds after the start.
        public var milliseconds: Double
    }

    /// What went wrong.
    public struct Failure: Sendable, Hashable, Codable {
        /// The first stage that was not reached.
        public var stage: Stage
        /// How the connection ended; nil where it did not, and the time was over.
        public var reason: DisconnectReason?
        /// Why, in words.
        public var detail: String
        /// After how many milliseconds.
        public var milliseconds: Double
    }

    /// Who was dialled.
    public let endpoint: PeerEndpoint
    /// Whether a connection that we had dialled stood already: then nothing was dialled, and there are no times.
    public internal(set) var wasConnected = false
    /// The stages that were reached, in their order.
    public internal(set) var steps: [Step] = []
    /// What went wrong; nil where every stage was reached.
    public internal(set) var failure: Failure?

    init(_ endpoint: PeerEndpoint) { self.endpoint = endpoint }
}

extension PeerProbe {
    var isOver: Bool { failure != nil || steps.count == Stage.allCases.count }

    private func has(_ stage: Stage) -> Bool { steps.contains { $0.stage == stage } }

    /// The first stage that is missing.
    private var next: Stage? { Stage.allCases.first { !has($0) } }

    mutating func take(_ kind: EngineEvent.Kind, after time: Duration) {
        guard !isOver else { return }
        switch kind {
        case .peerStage(endpoint, .outgoing, let stage):
            switch stage {
            case .tcp: reach(.tcp, time)
            case .extensions: reach(.extensions, time)
            case .pieces: reach(.bitfield, time)
            }
        case .peerConnected(endpoint, .outgoing, _): reach(.handshake, time)
        case .peerDisconnected(endpoint, .outgoing, let reason, let detail): fail(reason, detail, time)
        case .peerRefused(endpoint, .outgoing, let reason, _):
            fail(nil, "we do not dial there: \(reason.words)", time)
        default: break
        }
    }

    mutating func reach(_ stage: Stage, _ time: Duration) {
        // To dial is no event: a later stage shows that it was.
        for stage in stage == .dial ? [.dial] : [.dial, stage] where !has(stage) {
            steps.append(Step(stage: stage, milliseconds: time / .milliseconds(1)))
        }
        let order = Stage.allCases
        steps.sort { order.firstIndex(of: $0.stage) ?? 0 < order.firstIndex(of: $1.stage) ?? 0 }
    }

    mutating func fail(_ reason: DisconnectReason?, _ detail: String, _ time: Duration) {
        if reason != nil { reach(.dial, time) }
        guard !isOver, let stage = next else { return }
        failure = Failure(
            stage: stage, reason: reason, detail: detail, milliseconds: time / .milliseconds(1))
    }

    /// The time is over. `last` is what was seen there before.
    mutating func giveUp(after time: Duration, last: PeerReport? = nil) {
        guard let next, !isOver else { return }
        let why =
            switch next {
            case .dial:
                if let last, let error = last.lastError, last.failures > 0 {
                    "the engine has not dialled yet: it waits after \(Units.count(last.failures, "failure")) "
                        + "(\(error.words), \(Units.ago(error.secondsAgo)))"
                } else {
                    "the engine has not dialled: it waits after tries that failed, or both sides are whole"
                }
            case .tcp: "no answer to the connection attempt"
            case .handshake: "the connection stands, and no handshake came"
            case .extensions: "no extension handshake came: it may not speak BEP 10"
            case .bitfield: "it has not said which pieces it has: it may have none"
            }
        fail(nil, why, time)
    }
}

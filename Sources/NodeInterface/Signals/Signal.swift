/// A control message from one node to another.
///
/// `SignalCodec` of `NodeSupport` has its form on the wire.
public struct Signal: Sendable, Hashable {
    /// How long a signal counts unless told: 5 minutes.
    public static let standardTTL = Duration.seconds(300)

    /// Random, and different for every signal: whoever does not see the signal cannot know it.
    public var signalID: String
    /// Who sent it. A receiver believes it only where the channel proves it.
    public var fromPeerID: String
    /// Whom it is for.
    public var toPeerID: String
    /// When it was made, by the sender's clock.
    public var sentAt: UnixTime
    /// What it says.
    public var body: SignalBody
    /// How long after ``sentAt`` it counts; whole seconds on the wire.
    public var ttl: Duration
    /// The channels to try, the first one first.
    public var preferredChannels: [SignalChannelKind]

    /// Makes a signal.
    ///
    /// - Parameter signalID: 128 random bits in hexadecimal unless given.
    public init(
        signalID: String = Signal.randomID(), fromPeerID: String, toPeerID: String, sentAt: UnixTime,
        body: SignalBody, ttl: Duration = Signal.standardTTL,
        preferredChannels: [SignalChannelKind] = [.mesh, .btExtension]
    ) {
        self.signalID = signalID
        self.fromPeerID = fromPeerID
        self.toPeerID = toPeerID
        self.sentAt = sentAt
        self.body = body
        self.ttl = ttl
        self.preferredChannels = preferredChannels
    }

    /// What kind of signal it is.
    public var type: SignalType { body.type }

    /// When it counts no longer.
    public var expiresAt: UnixTime { sentAt.advanced(by: ttl) }

    /// 128 random bits from the system's generator, as 32 hexadecimal digits.
    public static func randomID() -> String {
        var generator = SystemRandomNumberGenerator()
        let text = String(UInt128.random(in: 0...UInt128.max, using: &generator), radix: 16)
        return String(repeating: "0", count: 32 - text.utf8.count) + text
    }
}

/// A kind of signal.
///
/// Open. JSON has the word.
public struct SignalType: OpenWord {
    /// The word on the wire.
    public let rawValue: String

    /// Makes a kind of its word.
    public init(rawValue: String) { self.rawValue = rawValue }

    /// Asks a peer to seed a job's variant in a private swarm.
    public static let requestBtFallback = SignalType(rawValue: "Swarm.RequestBtFallback")
    /// Answers that.
    public static let requestBtFallbackAck = SignalType(rawValue: "Swarm.RequestBtFallbackAck")
    /// Ends what the sender's requests, or ours to it, started for a job.
    public static let jobCancel = SignalType(rawValue: "Swarm.JobCancel")
}

/// What a signal says.
///
/// Later versions may add cases: switch with a default.
public enum SignalBody: Sendable, Hashable {
    /// `Swarm.RequestBtFallback`.
    case requestBtFallback(RequestBtFallback)
    /// `Swarm.RequestBtFallbackAck`.
    case requestBtFallbackAck(RequestBtFallbackAck)
    /// `Swarm.JobCancel`.
    case jobCancel(JobCancel)

    /// The kind of signal that has this body.
    public var type: SignalType {
        switch self {
        case .requestBtFallback: .requestBtFallback
        case .requestBtFallbackAck: .requestBtFallbackAck
        case .jobCancel: .jobCancel
        }
    }
}

/// Decides what a peer may make this node do. The node supplies it.
public protocol SecurityPolicy: Sendable {
    /// Decides one question. It is waited for as long as the signal counts, and cancelled then; what it says later is
    /// ignored.
    ///
    /// A question whose action the policy does not know is to be denied.
    func decide(_ question: SecurityQuestion) async -> SecurityDecision
}

/// What a security policy is asked.
public struct SecurityQuestion: Sendable, Hashable {
    /// What is to be done.
    ///
    /// Open: a later version may add actions.
    public struct Action: OpenWord {
        /// The stable word for the action.
        public let rawValue: String

        /// Makes an action of its word.
        public init(rawValue: String) { self.rawValue = rawValue }

        /// Seed a job's variant for the peer, who asked for it by a signal.
        public static let seedFallback = Action(rawValue: "seedFallback")
        /// Fetch a job's variant from the peer, who accepted our request.
        public static let fetchFallback = Action(rawValue: "fetchFallback")
        /// Make members of endpoints that the peer names for itself and that the overlay does not know.
        public static let admitUnknownEndpoints = Action(rawValue: "admitUnknownEndpoints")
    }

    /// What is to be done.
    public var action: Action
    /// The peer, as the channel proves it.
    public var peerID: String
    /// The job.
    public var jobID: String
    /// The variant.
    public var variantID: String
    /// The endpoints concerned, `address:port`; none where the action is about none.
    public var endpoints: [String]

    /// Makes a question.
    public init(action: Action, peerID: String, jobID: String, variantID: String, endpoints: [String] = []) {
        self.action = action
        self.peerID = peerID
        self.jobID = jobID
        self.variantID = variantID
        self.endpoints = endpoints
    }
}

/// What a security policy decided.
public enum SecurityDecision: Sendable, Hashable {
    /// It may be done.
    case allow
    /// It may not. The reason stays in this node's own logs; the peer learns only that it was denied.
    case deny(reason: String)

    /// Whether it may be done.
    public var isAllowed: Bool { self == .allow }
}

public import NodeInterface

/// What a small node wants: participants of a job may fall back to a private swarm, from and to the endpoints that the
/// overlay knows, and nobody may do anything else.
///
/// That the peer takes part in the job has been checked before any policy is asked.
public struct StandardSecurityPolicy: SecurityPolicy {
    /// Makes the policy.
    public init() {}

    /// Allows seeding for, and fetching from, a participant; denies the rest.
    public func decide(_ question: SecurityQuestion) async -> SecurityDecision {
        switch question.action {
        case .seedFallback, .fetchFallback: .allow
        default: .deny(reason: "\(question.action) is not allowed to anybody")
        }
    }
}

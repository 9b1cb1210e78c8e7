/// What a node tells of itself through the control API, beside what its engine and its store know.
public struct NodeFacts: Sendable {
    /// What it runs with, and what its configuration says by now: `GET /v1/config`. Nil: it does not tell.
    public var settings: (@Sendable () async throws -> SettingsReport)?
    /// The last lines of its log: `GET /v1/log`. Nil: it does not tell.
    public var log: LogRing?

    /// Makes facts.
    public init(
        settings: (@Sendable () async throws -> SettingsReport)? = nil, log: LogRing? = nil
    ) {
        self.settings = settings
        self.log = log
    }
}

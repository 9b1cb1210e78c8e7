/// What a node tells of itself through the control API, beside what its engine and its store know.
public struct NodeFacts: Sendable {
    /// What it runs with, and what its configuration says by now: `GET /v1/config`. Nil: it does not tell.
    public var settings: (@Sendable () async throws -> SettingsReport)?
    /// The last lines of its log: `GET /v1/log`. Nil: it does not tell.
    public var log: LogRing?
    /// All metrics of the process in Prometheus' text format 0.0.4, for `GET /metrics`: `PrometheusRegistry.exposition()`,
    /// say. Called when what is no event was recorded. Nil: it does not tell.
    public var metrics: (@Sendable () async -> String)?

    /// Makes facts.
    public init(
        settings: (@Sendable () async throws -> SettingsReport)? = nil, log: LogRing? = nil,
        metrics: (@Sendable () async -> String)? = nil
    ) {
        self.settings = settings
        self.log = log
        self.metrics = metrics
    }
}

/// One way in which a node finds content.
public protocol ContentBackend: Sendable {
    /// The kind of backend; the `backend` of its candidates.
    var type: ContentBackendType { get }

    /// The one domain that it serves; nil for every domain.
    var supportedDomain: ContentDomain? { get }

    /// Finds candidates for an item, the best first.
    ///
    /// Returns quickly. It spends from the budget before any call to the outside, and stops with what it has where
    /// the budget refuses. Nothing found, or a domain that it does not serve, is an empty array and no error.
    ///
    /// - Throws: `BackendError` where it could not look at all, such as `.shutDown`; `.cancelled`.
    func findCandidates(
        for item: ContentItem, budget: any WorkBudget
    ) async throws(BackendError) -> [SourceCandidate]

    /// Says whether a candidate can be used now. Never downloads content and never waits long.
    ///
    /// - Parameters:
    ///   - candidate: The candidate; untrusted.
    ///   - probeBudget: Nil: only what is known is looked at. Else its peers are asked too (a health check), in the
    ///     backend's limit of time, if the budget pays for it.
    func validate(_ candidate: SourceCandidate, probeBudget: (any WorkBudget)?) async -> CandidateValidation
}

extension ContentBackend {
    /// Finds candidates without a limit on work.
    public func findCandidates(for item: ContentItem) async throws(BackendError) -> [SourceCandidate] {
        try await findCandidates(for: item, budget: UnlimitedWorkBudget())
    }

    /// Says whether a candidate can be used, by what is known, without asking anybody.
    public func validate(_ candidate: SourceCandidate) async -> CandidateValidation {
        await validate(candidate, probeBudget: nil)
    }
}

/// A content backend that can also fetch what it finds.
public protocol ContentFetchBackend: ContentBackend {
    /// Streams a candidate's bytes to a sink, in order.
    ///
    /// The candidate is validated first. Cancelling the task stops the transfer, and nothing of it is left running;
    /// so does a sink that throws, whose error is thrown on, or that has had enough.
    ///
    /// - Parameters:
    ///   - candidate: What to fetch; untrusted.
    ///   - sink: Takes the bytes.
    ///   - maximumBytes: The most that is wanted. Content that is known to be larger is refused before the first byte;
    ///     what turns out to be larger is stopped there. Both are `.limitExceeded`.
    /// - Throws: `BackendError`, such as `.refused`, `.limitExceeded`, `.noPeer`, `.contentMismatch`, `.cancelled`.
    func fetch(
        _ candidate: SourceCandidate, to sink: any ContentSink, maximumBytes: UInt64
    ) async throws(BackendError) -> ContentDelivery
}

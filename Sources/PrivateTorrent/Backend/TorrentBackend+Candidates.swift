public import NodeInterface
import NodeSupport
import TorrentEngine

extension TorrentBackend: ContentBackend {
    /// `torrent`.
    public nonisolated var type: ContentBackendType { .torrent }

    /// Nil: every domain.
    public nonisolated var supportedDomain: ContentDomain? { nil }

    /// The candidates of the node's registry that may be used: of a private source and allowed, where private mode
    /// asks for that, and with enough seeders. The best quality comes first, then the most trusted; at most
    /// `MaxCandidatesPerItem`.
    ///
    /// Pays 1 unit for asking the registry, and 1 for each candidate that the allowed set is asked about.
    /// - Throws: What the registry throws; `.timedOut` where it or the allowed set does not answer within
    ///   `QueryTimeoutSeconds`.
    public func findCandidates(
        for item: ContentItem, budget: any WorkBudget
    ) async throws(BackendError) -> [SourceCandidate] {
        guard options.enabled, let registry = configuration.sourceRegistry, await budget.trySpend(1) else {
            return []
        }
        let all = try await calls.call("find candidates of item \(item.itemID)", within: queryLimit) {
            () throws(BackendError) in
            try await registry.candidates(itemID: item.itemID, backend: .torrent)
        }
        // As they are now: they may have changed meanwhile.
        let options = options
        let fitting = all.filter { $0.itemID == item.itemID && refusal(of: $0, by: options) == nil }
        var out: [SourceCandidate] = []
        for candidate in fitting.sorted(by: Self.isBetter) where out.count < options.maxCandidatesPerItem {
            guard case .v1(let infoHash) = CandidateReference(candidate.backendRef) else { continue }
            if let set = allowedSet(options) {
                guard await budget.trySpend(1) else { break }
                guard try await isIn(set, infoHash) else { continue }
            }
            out.append(candidate)
        }
        return out
    }

    /// Says whether a candidate can be used, by the first of these that speaks against it: another kind of backend,
    /// the backend disabled, a reference that is malformed or of a v2 torrent, its source, the allowed set, its
    /// seeders; then, with a budget, what its members say.
    public func validate(
        _ candidate: SourceCandidate, probeBudget: (any WorkBudget)?
    ) async -> CandidateValidation {
        let options = options
        if let refusal = refusal(of: candidate, by: options, untilProvenance: true) {
            return .invalid(refusal)
        }
        guard case .v1(let infoHash) = CandidateReference(candidate.backendRef) else {
            return .invalid(.unsupportedReference, detail: "it names a v2 torrent (BEP 52)")
        }
        if let set = allowedSet(options) {
            do throws(BackendError) {
                guard try await isIn(set, infoHash) else { return .invalid(.notAllowed) }
            } catch {
                return .invalid(.checkFailed, detail: error.description)
            }
        }
        if let refusal = refusal(of: candidate, by: options) { return .invalid(refusal) }
        if let probeBudget, let refusal = await probe(infoHash, probeBudget) { return refusal }
        return .valid(trust: Self.unit(candidate.trustScore), quality: Self.unit(candidate.expectedQuality))
    }

    /// What speaks against a candidate by what is known of it, in the contract's order.
    private func refusal(
        of candidate: SourceCandidate, by options: TorrentBackendOptions, untilProvenance: Bool = false
    ) -> CandidateRefusal? {
        guard candidate.backend == type else { return .otherBackend }
        guard options.enabled else { return .disabled }
        guard let reference = CandidateReference(candidate.backendRef) else { return .malformedReference }
        guard reference != .v2 else { return .unsupportedReference }
        if options.privateMode?.privateOnly == true, !candidate.isFromPrivateSource {
            return .unknownProvenance
        }
        guard !untilProvenance else { return nil }
        // How many there are may not be known, which is not enough.
        guard candidate.seeders ?? 0 >= options.minimumSeeders else { return .tooFewSeeders }
        return nil
    }

    /// How long the node's own code is waited for.
    private var queryLimit: Duration { .seconds(options.queryTimeoutSeconds) }

    private func isIn(
        _ set: any AllowedInfoHashes, _ infoHash: InfoHash
    ) async throws(BackendError) -> Bool {
        try await calls.call("look up \(infoHash) in the allowed set", within: queryLimit) {
            await set.contains(infoHash.description)
        }
    }

    /// The set counts where only private swarms do.
    private func allowedSet(_ options: TorrentBackendOptions) -> (any AllowedInfoHashes)? {
        options.privateMode?.privateOnly == true ? configuration.allowedInfoHashes : nil
    }

    private static func isBetter(_ left: SourceCandidate, _ right: SourceCandidate) -> Bool {
        let a = (unit(left.expectedQuality), unit(left.trustScore))
        let b = (unit(right.expectedQuality), unit(right.trustScore))
        return a == b ? left.id < right.id : a > b
    }

    /// Untrusted numbers: within 0 … 1, and 0 for what is no number.
    private static func unit(_ value: Double) -> Double { value > 0 ? min(value, 1) : 0 }
}

public import NodeInterface

/// A source registry in memory, bounded.
public actor InMemorySourceRegistry: SourceRegistry {
    private let limit: Int
    private var byItem: [String: [String: SourceCandidate]] = [:]
    private var itemOfCandidate: [String: String] = [:]

    /// Makes an empty registry.
    ///
    /// - Parameter limit: How many candidates it holds at most, 1 or more.
    public init(limit: Int = 100_000) { self.limit = max(1, limit) }

    /// How many candidates it holds.
    public var count: Int { itemOfCandidate.count }

    /// The candidates for an item that a kind of backend can use, by ID.
    public func candidates(itemID: String, backend: ContentBackendType) -> [SourceCandidate] {
        (byItem[itemID] ?? [:]).values.filter { $0.backend == backend }.sorted { $0.id < $1.id }
    }

    /// Puts a candidate in; one with its ID is replaced, whatever item that was for.
    ///
    /// - Throws: `.malformed` for an empty ID, and for a quality or trust that is not in 0 … 1; `.limitExceeded` where
    ///   the registry is full.
    public func register(_ candidate: SourceCandidate) throws(BackendError) {
        let operation = "register candidate \(candidate.id)"
        guard !candidate.id.isEmpty, !candidate.itemID.isEmpty else {
            throw BackendError(.malformed, operation, reason: "it has no ID, or names no item")
        }
        guard (0...1).contains(candidate.expectedQuality), (0...1).contains(candidate.trustScore),
            candidate.seeders ?? 0 >= 0
        else {
            throw BackendError(
                .malformed, operation,
                reason: "its quality and trust are not in 0 to 1, or its seeders below 0")
        }
        let former = itemOfCandidate[candidate.id]
        guard former != nil || itemOfCandidate.count < limit else {
            throw BackendError(
                .limitExceeded, operation, reason: "the registry holds \(limit) candidates already",
                remedy: "remove some, or make it larger")
        }
        if former != nil { remove(candidateID: candidate.id) }
        byItem[candidate.itemID, default: [:]][candidate.id] = candidate
        itemOfCandidate[candidate.id] = candidate.itemID
    }

    /// Takes a candidate out; nothing where it is not there.
    public func remove(candidateID: String) {
        guard let itemID = itemOfCandidate.removeValue(forKey: candidateID) else { return }
        byItem[itemID]?[candidateID] = nil
        if byItem[itemID]?.isEmpty == true { byItem[itemID] = nil }
    }
}

/// A set of info-hashes in memory.
public actor InMemoryAllowedInfoHashes: AllowedInfoHashes {
    private var infoHashes: Set<String>

    /// Makes a set; upper-case digits are taken for lower-case ones.
    public init(_ infoHashes: some Sequence<String> = []) {
        self.infoHashes = Set(infoHashes.map { $0.lowercased() })
    }

    /// Whether the info-hash is in the set.
    public func contains(_ infoHash: String) -> Bool { infoHashes.contains(infoHash.lowercased()) }

    /// Puts one in.
    public func insert(_ infoHash: String) { infoHashes.insert(infoHash.lowercased()) }

    /// Takes one out.
    public func remove(_ infoHash: String) { infoHashes.remove(infoHash.lowercased()) }
}

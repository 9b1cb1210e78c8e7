/// What the node knows of where content may be had. The node supplies it.
public protocol SourceRegistry: Sendable {
    /// The candidates for an item that a kind of backend can use, in no particular order; empty where there are none.
    ///
    /// - Throws: `BackendError` where it could not look, such as `.storage`.
    func candidates(
        itemID: String, backend: ContentBackendType
    ) async throws(BackendError) -> [SourceCandidate]

    /// Puts a candidate in; one with its ID is replaced.
    ///
    /// - Throws: `.limitExceeded` where it takes no more, `.storage`.
    func register(_ candidate: SourceCandidate) async throws(BackendError)

    /// Takes a candidate out; nothing where it is not there.
    func remove(candidateID: String) async throws(BackendError)
}

/// The info-hashes that may be fetched from a private swarm. The node supplies it where it keeps such a set.
public protocol AllowedInfoHashes: Sendable {
    /// Whether the info-hash is in the set.
    ///
    /// - Parameter infoHash: 40 (v1) or 64 (v2) lower-case hexadecimal digits.
    func contains(_ infoHash: String) async -> Bool
}

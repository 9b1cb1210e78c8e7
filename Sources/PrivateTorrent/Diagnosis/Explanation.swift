public import TorrentEngine

/// Why a torrent does not move: exactly one cause, what it rests on, and what to do about it.
///
/// In JSON an object of `cause` (``Cause/name``), `evidence` (absent where the cause needs none), `summary` and `action`.
public struct Explanation: Sendable, Hashable {
    /// Why.
    public let cause: Cause

    /// Explains what the evidence shows; the same for the same evidence. Looks at nothing else, and never waits.
    public init(_ evidence: Evidence) { cause = CauseFinder(evidence).cause }

    /// With a cause that is known.
    public init(_ cause: Cause) { self.cause = cause }
}

extension Explanation: Codable {
    enum Key: String, CodingKey { case cause, evidence, summary, action }

    /// Reads cause and evidence; a cause that this version does not know becomes ``Cause/other(_:)``.
    public init(from decoder: any Decoder) throws {
        cause = try Cause(from: decoder.container(keyedBy: Key.self))
    }

    /// Writes it with its words.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: Key.self)
        try cause.encode(into: &container)
        try container.encode(summary, forKey: .summary)
        try container.encode(action, forKey: .action)
    }
}

extension Torrent {
    /// Why it does not move, or that nothing is wrong.
    ///
    /// Who paused it, and what became of one that is gone, a store knows better: ``TorrentStore/explain(_:)``.
    /// - Throws: `.torrentNotFound`, `.shutDown`.
    public func explain() async throws(EngineError) -> Explanation { Explanation(try await evidence()) }

    /// What ``explain()`` rests on.
    ///
    /// - Throws: `.torrentNotFound`, `.shutDown`.
    public func evidence() async throws(EngineError) -> Evidence {
        EvidenceCollector.evidence(try await facts())
    }
}

extension TorrentStore {
    /// Why a torrent does not move, or that nothing is wrong: of one that is paused, was not taken up, or was removed by
    /// its retention too.
    ///
    /// - Throws: `.torrentNotFound`, `.shutDown`.
    public func explain(_ infoHash: InfoHash) async throws(EngineError) -> Explanation {
        var evidence = Evidence()
        guard let entry = entry(infoHash) else {
            guard let reason = retired[infoHash] else { throw notFound(infoHash) }
            evidence.retirement = reason
            return Explanation(evidence)
        }
        evidence.fault = failures[infoHash]
        if let torrent = torrent(infoHash) { evidence = try await torrent.evidence() }
        evidence.isPausedInStore = !entry.isStarted
        return Explanation(evidence)
    }
}

public import TorrentEngine

/// What was wrong with a state directory, and what became of it.
public struct StateProblem: Sendable, Hashable {
    /// The torrent concerned; nil for the index.
    public let infoHash: InfoHash?
    /// The file at fault, an absolute path.
    public let file: String
    /// Where it was moved, an absolute path; nil where it could not be moved, or was not there.
    public let quarantined: String?
    /// What is wrong with it.
    public let reason: String
    /// What follows from that.
    public let consequence: String

    package init(
        infoHash: InfoHash?, file: String, quarantined: String?, reason: String, consequence: String
    ) {
        self.infoHash = infoHash
        self.file = file
        self.quarantined = quarantined
        self.reason = reason
        self.consequence = consequence
    }
}

/// A state directory as it was found.
public struct StateReport: Sendable, Hashable {
    /// Whether the run before did not end as it should: by a kill, a crash or a power cut.
    public var wasUnclean: Bool
    /// Whether the index was lost and made anew out of the torrents: nobody is a member of any, and none is run until it
    /// is added again.
    public var isRebuilt: Bool
    /// What was wrong.
    public var problems: [StateProblem]

    package init(wasUnclean: Bool, isRebuilt: Bool, problems: [StateProblem]) {
        self.wasUnclean = wasUnclean
        self.isRebuilt = isRebuilt
        self.problems = problems
    }
}

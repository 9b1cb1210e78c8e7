/// Something that may have an item's content.
///
/// JSON has the properties under their names.
public struct SourceCandidate: Sendable, Hashable, Codable, Identifiable {
    /// The candidate's ID, unique within a registry.
    public var id: String
    /// The item that it is for.
    public var itemID: String
    /// The kind of backend that can use it.
    public var backend: ContentBackendType
    /// What that backend needs: for a torrent an info-hash or a magnet link. Untrusted.
    public var backendRef: String
    /// How good the content is expected to be, 0 … 1.
    public var expectedQuality: Double
    /// How far the source is trusted, 0 … 1.
    public var trustScore: Double
    /// How many have all of it; nil where that is not known, which is not the same as none.
    public var seeders: Int?
    /// When it was last found valid.
    public var lastValidatedAt: UnixTime?
    /// When it was last heard of.
    public var lastSeenAt: UnixTime?
    /// Whether the user or operator prefers it.
    public var isPreferred: Bool
    /// Whether it is known to come from the overlay or an invite; false where that is not known.
    public var isFromPrivateSource: Bool
    /// Which file it is, where the content has several; nil where it has one.
    public var file: CandidateFile?

    /// Makes a candidate.
    public init(
        id: String, itemID: String, backend: ContentBackendType, backendRef: String,
        expectedQuality: Double = 0, trustScore: Double = 0, seeders: Int? = nil,
        lastValidatedAt: UnixTime? = nil, lastSeenAt: UnixTime? = nil, isPreferred: Bool = false,
        isFromPrivateSource: Bool = false, file: CandidateFile? = nil
    ) {
        self.id = id
        self.itemID = itemID
        self.backend = backend
        self.backendRef = backendRef
        self.expectedQuality = expectedQuality
        self.trustScore = trustScore
        self.seeders = seeders
        self.lastValidatedAt = lastValidatedAt
        self.lastSeenAt = lastSeenAt
        self.isPreferred = isPreferred
        self.isFromPrivateSource = isFromPrivateSource
        self.file = file
    }
}

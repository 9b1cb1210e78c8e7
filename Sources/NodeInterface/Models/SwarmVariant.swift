/// One form in which a job's file can be had from a swarm.
public struct SwarmVariant: Sendable, Hashable, Identifiable {
    /// The ID, unique within its job.
    public var id: String
    /// How the variant becomes a torrent.
    public var reference: SwarmVariantReference

    /// Makes a variant.
    public init(id: String, reference: SwarmVariantReference) {
        self.id = id
        self.reference = reference
    }
}

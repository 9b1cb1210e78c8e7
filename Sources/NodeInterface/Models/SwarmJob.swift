/// One piece of work for a swarm: a file, who has it, and the forms in which it can be had.
///
/// Not `Codable`, on purpose: a job is built by local code. One that was decoded from what a peer sent could name
/// any local file as a variant.
public struct SwarmJob: Sendable, Hashable {
    /// The job's ID, unique within the node.
    public var jobID: String
    /// The file that is wanted.
    public var file: SwarmFile
    /// Who has it, as far as is known.
    public var sources: [SwarmSource]
    /// The forms in which it can be had; their IDs differ.
    public var variants: [SwarmVariant]

    /// Makes a job.
    public init(jobID: String, file: SwarmFile, sources: [SwarmSource] = [], variants: [SwarmVariant] = []) {
        self.jobID = jobID
        self.file = file
        self.sources = sources
        self.variants = variants
    }

    /// The variant of that ID; nil where there is none.
    public func variant(id: String) -> SwarmVariant? { variants.first { $0.id == id } }
}

/// The file that a job is about.
///
/// JSON has the properties under their names.
public struct SwarmFile: Sendable, Hashable, Codable {
    /// What the content is, in the node's own terms.
    public var contentID: String
    /// The hash of the whole file, in the node's own form; what is fetched must match it.
    public var hash: String
    /// The size in bytes; what is fetched must have it.
    public var sizeBytes: UInt64
    /// The codec, such as `flac`, where it is known.
    public var codec: String?

    /// Makes a description of a file.
    public init(contentID: String, hash: String, sizeBytes: UInt64, codec: String? = nil) {
        self.contentID = contentID
        self.hash = hash
        self.sizeBytes = sizeBytes
        self.codec = codec
    }
}

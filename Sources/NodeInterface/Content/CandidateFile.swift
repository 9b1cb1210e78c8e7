/// Which file of several a candidate means: all that is set must fit. Untrusted.
///
/// JSON has the properties under their names.
public struct CandidateFile: Sendable, Hashable, Codable {
    /// The path in the torrent, `/`-separated, with or without the torrent's name at its beginning; compared byte by
    /// byte with the names as they are made on disk.
    public var path: String?
    /// The size in bytes.
    public var sizeBytes: UInt64?
    /// The place in the torrent's list of files, from 0, pad files counted: as in `so` of a magnet link (BEP 53).
    public var index: Int?

    /// Makes a description of a file.
    public init(path: String? = nil, sizeBytes: UInt64? = nil, index: Int? = nil) {
        self.path = path
        self.sizeBytes = sizeBytes
        self.index = index
    }
}

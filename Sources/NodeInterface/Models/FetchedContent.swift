/// Where fetched content landed, with every file of it.
///
/// JSON has the properties under their names.
public struct FetchedContent: Sendable, Hashable, Codable {
    /// The info-hash, 40 lower-case hexadecimal digits (BEP 3).
    public var infoHash: String
    /// The torrent's name: the one entry that was made in the folder.
    public var name: String
    /// The absolute path of the folder that was asked for.
    public var folder: String
    /// Every file, in the torrent's order; padding left out.
    public var files: [FetchedFile]

    /// Makes a description of fetched content.
    public init(infoHash: String, name: String, folder: String, files: [FetchedFile]) {
        self.infoHash = infoHash
        self.name = name
        self.folder = folder
        self.files = files
    }

    /// Bytes of all files together.
    public var totalBytes: UInt64 { files.reduce(0) { $0 &+ $1.sizeBytes } }
}

/// One file of fetched content.
///
/// JSON has the properties under their names.
public struct FetchedFile: Sendable, Hashable, Codable {
    /// The absolute path.
    public var path: String
    /// The path below the folder, `/`-separated; begins with the torrent's name.
    public var relativePath: String
    /// The size in bytes.
    public var sizeBytes: UInt64

    /// Makes a description of a file.
    public init(path: String, relativePath: String, sizeBytes: UInt64) {
        self.path = path
        self.relativePath = relativePath
        self.sizeBytes = sizeBytes
    }
}

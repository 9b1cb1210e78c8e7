/// A kind of content backend.
///
/// Open: a node may have kinds of its own. JSON has the word.
public struct ContentBackendType: OpenWord {
    /// The stable word for the kind.
    public let rawValue: String

    /// Makes a kind of its word.
    public init(rawValue: String) { self.rawValue = rawValue }

    /// Files that this node has.
    public static let localLibrary = ContentBackendType(rawValue: "localLibrary")
    /// Peers of the mesh overlay.
    public static let mesh = ContentBackendType(rawValue: "mesh")
    /// Servers that speak HTTP.
    public static let http = ContentBackendType(rawValue: "http")
    /// Private BitTorrent swarms.
    public static let torrent = ContentBackendType(rawValue: "torrent")
}

/// A domain of content, such as music, in the node's own terms.
///
/// Open. JSON has the word.
public struct ContentDomain: OpenWord {
    /// The stable word for the domain.
    public let rawValue: String

    /// Makes a domain of its word.
    public init(rawValue: String) { self.rawValue = rawValue }

    /// Recordings and releases.
    public static let music = ContentDomain(rawValue: "music")
    /// Any file.
    public static let file = ContentDomain(rawValue: "file")
}

/// What is looked for.
public struct ContentItem: Sendable, Hashable, Codable {
    /// The item's ID, in the node's own terms.
    public var itemID: String
    /// The domain that it belongs to.
    public var domain: ContentDomain
    /// What the file must be, where that is known: what is fetched must match it.
    public var file: SwarmFile?

    /// Makes an item.
    public init(itemID: String, domain: ContentDomain = .file, file: SwarmFile? = nil) {
        self.itemID = itemID
        self.domain = domain
        self.file = file
    }
}

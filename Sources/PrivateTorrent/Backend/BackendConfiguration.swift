public import NodeInterface
public import TorrentEngine

/// What a ``TorrentBackend`` needs beside its options.
public struct BackendConfiguration: Sendable {
    /// The engine's set-up: where it listens, above all.
    public var engine: EngineConfiguration
    /// Where fallbacks are fetched to. Nil: a variant that must be fetched is refused.
    public var downloadFolder: String?
    /// The folders below which a local-file variant must lie, after symbolic links are resolved. Empty: such
    /// variants are refused.
    public var shareRoots: [String]
    /// The node's mesh, as a source of members.
    public var overlay: (any OverlayPeerProvider)?
    /// Loads a variant that is given by URL; this package makes no HTTP request itself.
    public var metainfoLoader: (any MetainfoLoader)?

    /// Makes a configuration.
    public init(
        engine: EngineConfiguration = EngineConfiguration(), downloadFolder: String? = nil,
        shareRoots: [String] = [],
        overlay: (any OverlayPeerProvider)? = nil, metainfoLoader: (any MetainfoLoader)? = nil
    ) {
        self.engine = engine
        self.downloadFolder = downloadFolder
        self.shareRoots = shareRoots
        self.overlay = overlay
        self.metainfoLoader = metainfoLoader
    }
}

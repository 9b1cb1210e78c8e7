public import NodeInterface
public import NodeSupport
public import TorrentEngine

/// What a ``TorrentBackend`` needs beside its options.
public struct BackendConfiguration: Sendable {
    /// The engine's set-up: where it listens, above all.
    public var engine: EngineConfiguration
    /// Where fallbacks are fetched to. Nil: a variant that must be fetched is refused.
    public var downloadFolder: String?
    /// Where torrents outlast the process (Docs/State.md). What is prepared for jobs, seeds and fetches, runs again after
    /// a restart, until its last holder releases it; a fetch that somebody waited for goes on when it is asked for again.
    /// Nil: nothing is kept.
    public var stateDirectory: String?
    /// How that is done: how often what was verified is saved, how much content may be kept, and how long a fallback stays
    /// without a member.
    public var stateOptions: TorrentStore.Options
    /// The folders below which a local-file variant must lie, after symbolic links are resolved. Empty: such
    /// variants are refused.
    public var shareRoots: [String]
    /// This node's ID in the overlay, at most 64 bytes. Set, its torrents speak `slskdn` (BEP 10), so that signals can
    /// travel over their connections: see ``BtExtensionChannel``. Nil: their swarms hear nothing of it.
    public var peerID: String?
    /// The node's mesh, as a source of members.
    public var overlay: (any OverlayPeerProvider)?
    /// Other sources of members: a list, a file, a network interface. They count as what their members say.
    public var peerSources: [any PeerSource]
    /// Where candidates come from; nil: there are none.
    public var sourceRegistry: (any SourceRegistry)?
    /// The info-hashes that `PrivateOnly` allows; nil allows every one.
    public var allowedInfoHashes: (any AllowedInfoHashes)?
    /// Compares a file with a job's hash; nil: no file is fetched for a job.
    public var fileVerifier: (any FileVerifier)?
    /// Asked for the metainfo of an info-hash, in this order, before the members of its swarm are.
    public var metainfoResolvers: [any MetainfoResolver]
    /// Loads a variant that is given by URL; this package makes no HTTP request itself.
    public var metainfoLoader: (any MetainfoLoader)?
    /// The clock that limits by time of day go by.
    public var clock: NodeClock

    /// Makes a configuration.
    public init(
        engine: EngineConfiguration = EngineConfiguration(), downloadFolder: String? = nil,
        stateDirectory: String? = nil, stateOptions: TorrentStore.Options = TorrentStore.Options(),
        shareRoots: [String] = [], peerID: String? = nil,
        overlay: (any OverlayPeerProvider)? = nil, peerSources: [any PeerSource] = [],
        sourceRegistry: (any SourceRegistry)? = nil, allowedInfoHashes: (any AllowedInfoHashes)? = nil,
        fileVerifier: (any FileVerifier)? = nil, metainfoResolvers: [any MetainfoResolver] = [],
        metainfoLoader: (any MetainfoLoader)? = nil, clock: NodeClock = .system
    ) {
        self.engine = engine
        self.downloadFolder = downloadFolder
        self.stateDirectory = stateDirectory
        self.stateOptions = stateOptions
        self.shareRoots = shareRoots
        self.peerID = peerID
        self.overlay = overlay
        self.peerSources = peerSources
        self.sourceRegistry = sourceRegistry
        self.allowedInfoHashes = allowedInfoHashes
        self.fileVerifier = fileVerifier
        self.metainfoResolvers = metainfoResolvers
        self.metainfoLoader = metainfoLoader
        self.clock = clock
    }
}

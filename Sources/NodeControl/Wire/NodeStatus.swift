public import NodeInterface
import TorrentEngine

/// A node at one moment: `GET /v1/status`.
public struct NodeStatus: Codable, Sendable, Hashable {
    /// How many torrents there are in which state.
    public struct Counts: Codable, Sendable, Hashable {
        /// All that are kept.
        public var total = 0
        /// Paused by hand.
        public var paused = 0
        /// Waiting for metadata, or looking at what is on disk.
        public var preparing = 0
        /// Lacking pieces that are wanted.
        public var downloading = 0
        /// Whole, or with all that is wanted of them.
        public var seeding = 0
        /// Stopped by an error.
        public var failed = 0
    }

    /// ``ControlSchema/version``.
    public var schemaVersion = ControlSchema.version
    /// The version of the package.
    public let version: String
    /// The version of libtorrent that runs.
    public let engineVersion: String
    /// The process.
    public let processID: Int32
    /// When the control API began to serve.
    public let startedTime: UnixTime
    /// How long ago that was, by a clock that only runs forward; seconds.
    public let uptimeSeconds: Double
    /// Where the engine listens.
    public let listen: [String]
    /// Interfaces that it is bound to and that are away: while there is one, it stands still.
    public let unavailableInterfaces: [String]
    /// The state directory.
    public let stateDirectory: String
    /// Whether the run before this one ended by a crash, a kill or a power cut.
    public let wasUnclean: Bool
    /// Broken files of the state directory that were found at the start.
    public let stateProblems: Int
    /// Payload received, bytes a second.
    public let downloadRate: UInt64
    /// Payload sent, bytes a second.
    public let uploadRate: UInt64
    /// Peers that are connected, over all torrents.
    public let connectedPeers: Int
    /// Torrents by state.
    public let torrents: Counts
    /// Why the node is not ready: what `GET /readyz` says. Empty where it is.
    public let notReady: [String]
    /// Where a browser is served; absent where none is.
    public let web: WebReport?
}

/// Where a node serves its dashboard, and the API to a browser.
public struct WebReport: Codable, Sendable, Hashable {
    /// The page's address, without the token that it asks for.
    public let url: String
    /// The file that holds the token.
    public let tokenFile: String

    init(_ address: IPAddress, port: Int, tokenFile: String) {
        url = address.family == .v4 ? "http://\(address):\(port)/" : "http://[\(address)]:\(port)/"
        self.tokenFile = tokenFile
    }
}

/// Whether a node lives, or is ready: `GET /livez`, `GET /readyz`.
public struct HealthReport: Codable, Sendable, Hashable {
    /// ``ControlSchema/version``.
    public var schemaVersion = ControlSchema.version
    /// `ok`.
    public var status = "ok"
}

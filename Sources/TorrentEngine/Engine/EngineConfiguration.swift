public import Logging
public import Metrics

/// MSE/PE stream obfuscation. It hides nothing from anyone who knows the info-hash.
public enum StreamEncryption: String, Sendable, Hashable, Codable, CaseIterable {
    /// Dial with the MSE handshake, so that an impostor at a member's address does not learn the info-hash from us,
    /// then go on in plaintext; accept both. The default.
    case handshakeOnly
    /// Plaintext only, both ways.
    case off
    /// Dial with MSE and RC4; accept both.
    case full
    /// MSE and RC4 only, both ways.
    case required
}

/// How an engine is set up. Nothing in here can make a swarm public.
public struct EngineConfiguration: Sendable {
    /// Where to listen. Empty: no listening socket at all; members can then only be dialled.
    public var listen: [ListenAddress]
    /// Where dials leave from. Nil: from the first interface in `listen`; else, for IPv4 and IPv6 apart, from its first
    /// address of that family, where a wildcard leaves it to the kernel, and a family that is not listed is not
    /// dialled. Where `listen` names nothing but wildcards, or nothing at all, the kernel chooses.
    ///
    /// Bound to an interface, here or in `listen`, the engine sends through it alone, and stands still while it is
    /// away: ``EngineEvent/Kind/interfaceDown(_:)``.
    public var dialFrom: ListenAddress?
    /// Obfuscation.
    public var encryption: StreamEncryption
    /// Whether the kernel leaves a stranger's connection attempt unanswered, as if nothing listened: a filter on the
    /// listening sockets, rebuilt with the members. Refusals are then not seen one by one.
    public var isStealthy: Bool
    /// Peers in all, 2…65,000; fewer where the process may not open so many descriptors (`ulimit -n`).
    public var connectionsLimit: Int
    /// Connections that one address may hold before it has sent its handshake, 1…65,000. Above it the oldest is cut.
    public var newcomersPerAddress: Int
    /// Peers that one address may be in one torrent, 1…65,000. Above it one that dials us is refused.
    public var peersPerAddress: Int
    /// Threads for disk reads and writes, 1…64.
    public var diskThreads: Int
    /// Bytes that every torrent leaves free where its files are: ``AddOptions/freeSpaceFloor``.
    public var freeSpaceFloor: UInt64
    /// What is accepted as metadata, from files and from members.
    public var limits: MetainfoLimits
    /// At most one progress event per torrent in this time.
    public var progressInterval: Duration
    /// Where the engine's own notes go.
    public var logger: Logger
    /// Where its metrics go, and those of the store, the fetches and the control API that use it (Docs/Metrics.md): by
    /// default to what the process has bootstrapped, if anything.
    public var metrics: any MetricsFactory

    /// Makes a configuration; with no argument, one that listens nowhere.
    public init(
        listen: [ListenAddress] = [], dialFrom: ListenAddress? = nil,
        encryption: StreamEncryption = .handshakeOnly, isStealthy: Bool = false,
        connectionsLimit: Int = 2000, newcomersPerAddress: Int = 32, peersPerAddress: Int = 64,
        diskThreads: Int = 4, freeSpaceFloor: UInt64 = 0, limits: MetainfoLimits = .standard,
        progressInterval: Duration = .milliseconds(250), logger: Logger = Logger(label: "TorrentEngine"),
        metrics: any MetricsFactory = MetricsSystem.factory
    ) {
        self.listen = listen
        self.dialFrom = dialFrom
        self.encryption = encryption
        self.isStealthy = isStealthy
        self.connectionsLimit = connectionsLimit
        self.newcomersPerAddress = newcomersPerAddress
        self.peersPerAddress = peersPerAddress
        self.diskThreads = diskThreads
        self.freeSpaceFloor = freeSpaceFloor
        self.limits = limits
        self.progressInterval = progressInterval
        self.logger = logger
        self.metrics = metrics
    }

    /// The device or address that outgoing connections are bound to; empty where the kernel chooses.
    var outgoingInterfaces: String {
        let places = dialFrom.map { [$0] } ?? listen
        if let name = places.lazy.compactMap(\.interfaceName).first { return name }
        guard !places.allSatisfy(\.isWildcard) else { return "" }
        let addresses = places.compactMap(\.address)
        let sources = IPAddress.Family.allCases.compactMap { family in
            let ofFamily = addresses.filter { $0.family == family }
            return ofFamily.first { !$0.isUnspecified } ?? ofFamily.first
        }
        return sources.map(\.description).joined(separator: ",")
    }

    /// What to do where an interface cannot be had; nil where none is named.
    var interfaceRemedy: String? {
        guard let name = (listen + [dialFrom].compactMap { $0 }).compactMap(\.interfaceName).first else {
            return nil
        }
        return "bring it up with an address (ip address show dev \(name)); to bind to it, a process needs "
            + "Linux 5.7 or later, or CAP_NET_RAW"
    }
}

/// Versions of the parts that must fit together.
public struct EngineVersions: Sendable, Hashable {
    /// The shim's ABI number.
    public let shimABI: UInt32
    /// libtorrent's version at compile time.
    public let engineCompiled: String
    /// libtorrent's version that runs.
    public let engineRunning: String
    /// Whether the locks that rest on libtorrent's internals are active: only with the versions they were read in.
    public let internalsUsable: Bool
}

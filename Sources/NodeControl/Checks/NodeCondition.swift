import NodeInterface
import PrivateTorrent
import TorrentEngine

/// A node at one moment, as far as it can be told from inside whether it is well. What follows from it is in ``checks``.
struct NodeCondition: Sendable {
    /// What is free where files are; nil where that could not be found out, and why.
    struct Room: Sendable {
        let folder: String
        let freeBytes: UInt64?
        var problem: String?
    }

    var wantedListeners: [String] = []
    var listening: [PeerEndpoint] = []
    var listenFailures: [String] = []
    var interfacesDown: [String] = []
    /// Those of the machine's interfaces.
    var machineAddresses: Set<IPAddress> = []
    var stateDirectory = ""
    var stateMode: UInt32 = 0o700
    var stateOwner: UInt32 = 0
    var user: UInt32 = 0
    var state = StateReport(wasUnclean: false, isRebuilt: false, problems: [])
    /// Files in the state directory's `quarantine`, of earlier starts too.
    var quarantined = 0
    var freeSpaceFloor: UInt64 = 0
    var rooms: [Room] = []
    var explanations: [(infoHash: InfoHash, explanation: Explanation)] = []
    /// How long the engine took to answer.
    var engineDelay: Duration = .zero
    var time = UnixTime(milliseconds: 0)
    /// The latest moment that the state directory knows of.
    var latestKnownTime: UnixTime?
    /// By how much the wall clock ran otherwise than the clock that only runs forward, since the node started.
    var clockDrift: Duration = .zero
    var openDescriptors = 0
    var descriptorLimit: UInt64 = 0
    /// Nil where the node does not tell.
    var settings: SettingsReport?
}

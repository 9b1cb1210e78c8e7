/// Why a torrent does not move, or that nothing is wrong: one of a closed set, each with its evidence.
///
/// Docs/Explain.md has the order in which they are looked for. Later versions may add some, of certificates for example:
/// switch with a `default`. ``name`` is stable.
public enum Cause: Sendable, Hashable {
    /// It does not run because somebody paused it, or nobody took it up.
    case paused(Pause)
    /// There is no room for what is fetched, or the floor of free space is reached.
    case diskFull(DiskFault)
    /// The file system refused, or a file is not what it was.
    case diskFault(DiskFault)
    /// An interface that the engine is bound to is away: nothing is sent or received.
    case interfaceDown(InterfaceDown)
    /// The engine listens nowhere, and no member is connected.
    case notListening(NotListening)
    /// Nobody may be in its swarm.
    case noMember
    /// Whoever came, or would have been dialled, was refused by us.
    case allRefused(Refused)
    /// Members are dialled, and none is reached: the address is wrong, nobody listens there, or nothing answers.
    case notReached(Peers)
    /// Members are reached, and close before their handshake: they do not let us in.
    case handshakeRefused(Peers)
    /// Members were connected, and left.
    case membersGone(Peers)
    /// Members are known by their addresses only, none has dialled us, and there is nobody to dial.
    case nobodyCame(Peers)
    /// Peers sent pieces that fail their hash and were banned, and nobody else has what is missing.
    case hashFailures(HashFailures)
    /// Members are connected, and the info dictionary has not come or was not accepted.
    case metadataMissing(Metadata)
    /// Nobody who is connected has any piece that is missing.
    case nobodyHasPiece(LonePieces)
    /// Everybody who has what is missing chokes us.
    case chokedByAll(Peers)
    /// A rate limit of ours is what bounds it.
    case rateLimit(RateLimited)
    /// Members let us ask, and send nothing.
    case notAnswering(Peers)
    /// It does what it should.
    case nothingWrong(Activity)
    /// A cause of a later version, by its name.
    case other(String)
}

extension Cause {
    /// A stable word for it, as in JSON.
    public var name: String {
        switch self {
        case .paused: "paused"
        case .diskFull: "diskFull"
        case .diskFault: "diskFault"
        case .interfaceDown: "interfaceDown"
        case .notListening: "notListening"
        case .noMember: "noMember"
        case .allRefused: "allRefused"
        case .notReached: "notReached"
        case .handshakeRefused: "handshakeRefused"
        case .membersGone: "membersGone"
        case .nobodyCame: "nobodyCame"
        case .hashFailures: "hashFailures"
        case .metadataMissing: "metadataMissing"
        case .nobodyHasPiece: "nobodyHasPiece"
        case .chokedByAll: "chokedByAll"
        case .rateLimit: "rateLimit"
        case .notAnswering: "notAnswering"
        case .nothingWrong: "nothingWrong"
        case .other(let name): name
        }
    }
}

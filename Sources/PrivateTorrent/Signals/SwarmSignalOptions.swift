public import NodeInterface

/// Limits of ``SwarmSignalHandlers``.
public struct SwarmSignalOptions: Sendable, Hashable {
    /// How many requests of peers are answered at once; default 32. One more is refused with `internal-error`; and
    /// dropped, where as many refusals are being sent already.
    public var answersAtOnce = 32
    /// How many requests of one peer are answered at once; default 4.
    public var answersAtOncePerPeer = 4
    /// How many fallbacks are held for peers; default 256.
    public var heldFallbacks = 256
    /// How many fallbacks are held for one peer; default 16.
    public var heldFallbacksPerPeer = 16
    /// How long a fallback is held for a peer that neither ends it nor asks again; default 6 hours.
    public var heldFor = Duration.seconds(6 * 3600)
    /// How long a fallback is held while the peer has no connection in its swarm; default 5 minutes. Then the peer has to
    /// ask again. Only where the backend knows (`BitTorrentBackend.isInUse`).
    public var heldUnusedFor = Duration.seconds(300)
    /// How many requests of this node run at once; default 64.
    public var requestsAtOnce = 64
    /// How long signals of this node count; default 5 minutes. An answer is waited for half as long.
    public var ttl = Signal.standardTTL
    /// How long the node's own bus, job store, overlay and backend are waited for when they are asked something; default
    /// 30 seconds. A policy, which may have to ask somebody, has the time of the signal.
    public var callLimit = Duration.seconds(30)
    /// How long a backend is waited for when what it does was cancelled; default 10 seconds.
    public var windDown = Duration.seconds(10)
    /// The channels to try, the first one first.
    public var preferredChannels: [SignalChannelKind] = [.mesh, .btExtension]

    /// The defaults.
    public init() {}
}

/// What ``SwarmSignalHandlers`` have done so far.
public struct SwarmSignalStatistics: Sendable, Hashable {
    /// Requests of peers that were answered, by the answer.
    public var answers: [FallbackReason: UInt64] = [:]
    /// Answers that no channel took.
    public var unsentAnswers: UInt64 = 0
    /// Requests that this node sent.
    public var requests: UInt64 = 0
    /// Of these, those that brought the file.
    public var fetched: UInt64 = 0
    /// Cancels of peers that counted.
    public var cancels: UInt64 = 0
    /// Fallbacks that were let go because their peer was not seen any more.
    public var unused: UInt64 = 0
    /// Calls of the node's own code that did not end in their time, and were left to themselves. One that goes on counting
    /// is a defect of that code: 64 that do not end, and no other is begun.
    public var abandonedCalls: UInt64 = 0
    /// Signals that were dropped, by reason; those that the bus dropped are counted there.
    public var drops: [SignalDrop: UInt64] = [:]
}

/// How one request of a peer was answered, for the node's own logs.
public struct FallbackAnswer: Sendable, Hashable {
    /// Who asked.
    public var peerID: String
    /// For which job; as the peer wrote it.
    public var jobID: String
    /// For which variant; as the peer wrote it.
    public var variantID: String
    /// The answer.
    public var reason: FallbackReason
    /// Why, in words that the peer does not get.
    public var detail: String
}

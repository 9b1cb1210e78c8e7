/// Carries signals between nodes, each once, over whatever channel takes them.
///
/// Channels are told to it once; what arrives over one of them is handed in with ``receive(_:from:over:)``.
public protocol SignalBus: Sendable {
    /// Sends a signal over the first of its preferred channels that takes it.
    ///
    /// Returning means that a channel took it, not that it arrived.
    ///
    /// - Throws: `.timedOut` where it has expired; `.limitExceeded` where its envelope would be too large; `.noPeer`
    ///   where no channel took it; `.cancelled`.
    func send(_ signal: Signal) async throws(BackendError)

    /// The signals that arrive from now on, each once, for one reader.
    ///
    /// A reader that is too slow loses signals, which is counted. The stream ends with the bus.
    func signals() async -> AsyncStream<ReceivedSignal>

    /// Takes in what arrived over a channel. What does not count is dropped and counted.
    ///
    /// - Parameters:
    ///   - envelope: The bytes, untrusted.
    ///   - peerID: Who sent them, as the channel proves it, and never as the bytes say.
    ///   - channel: The channel.
    /// - Returns: Nil where the signal was delivered; else why it was dropped.
    @discardableResult
    func receive(
        _ envelope: [UInt8], from peerID: String, over channel: SignalChannelKind
    ) async -> SignalDrop?
}

/// A signal that arrived.
public struct ReceivedSignal: Sendable, Hashable {
    /// The signal; its `fromPeerID` is the one that the channel proves.
    public var signal: Signal
    /// The channel that it came over.
    public var channel: SignalChannelKind

    /// Makes a received signal.
    public init(signal: Signal, channel: SignalChannelKind) {
        self.signal = signal
        self.channel = channel
    }
}

/// One way in which signals travel.
public protocol SignalChannel: Sendable {
    /// What kind of channel it is.
    var kind: SignalChannelKind { get }

    /// Takes a signal for sending, or declines: because the peer cannot be reached this way now, say.
    ///
    /// It must not wait long: a bus tries the next channel only when this one has declined, and gives it up after some
    /// seconds. Then its task is cancelled, and its answer counts no more: a signal may arrive over two channels, which
    /// the bus on the other side makes one of.
    ///
    /// - Parameters:
    ///   - envelope: The signal's bytes, which the channel carries as they are.
    ///   - signal: The same signal, to see whom it is for.
    /// - Returns: Whether it took it.
    func take(_ envelope: [UInt8], of signal: Signal) async -> Bool
}

/// A kind of channel.
///
/// Open. JSON has the word.
public struct SignalChannelKind: OpenWord {
    /// The word on the wire.
    public let rawValue: String

    /// Makes a kind of its word.
    public init(rawValue: String) { self.rawValue = rawValue }

    /// The mesh overlay.
    public static let mesh = SignalChannelKind(rawValue: "mesh")
    /// A BitTorrent connection that stands already (BEP 10, extension `slskdn`).
    public static let btExtension = SignalChannelKind(rawValue: "btExtension")
    /// A connection of its own.
    public static let direct = SignalChannelKind(rawValue: "direct")
}

/// Why a signal was dropped.
///
/// Open: a later version may add reasons.
public struct SignalDrop: OpenWord {
    /// A stable word for the reason.
    public let rawValue: String

    /// Makes a reason of its word.
    public init(rawValue: String) { self.rawValue = rawValue }

    /// The envelope is larger than a signal may be.
    public static let oversize = SignalDrop(rawValue: "oversize")
    /// The envelope is not well-formed.
    public static let malformed = SignalDrop(rawValue: "malformed")
    /// The kind of signal is not known.
    public static let unknownType = SignalDrop(rawValue: "unknownType")
    /// Its sender is not the peer that the channel proves.
    public static let spoofedSender = SignalDrop(rawValue: "spoofedSender")
    /// It is for another node.
    public static let wrongAddressee = SignalDrop(rawValue: "wrongAddressee")
    /// Its time is over.
    public static let expired = SignalDrop(rawValue: "expired")
    /// It says that it was sent too far in the future, or that it counts for too long.
    public static let skewed = SignalDrop(rawValue: "skewed")
    /// The peer sends too many.
    public static let rateLimited = SignalDrop(rawValue: "rateLimited")
    /// It was delivered before.
    public static let duplicate = SignalDrop(rawValue: "duplicate")
    /// A reader did not keep up.
    public static let readerTooSlow = SignalDrop(rawValue: "readerTooSlow")
    /// Nobody reads.
    public static let noReader = SignalDrop(rawValue: "noReader")
    /// An answer to no request of ours that is pending, or from somebody else than was asked.
    public static let unknownRequest = SignalDrop(rawValue: "unknownRequest")
    /// From a peer that takes no part in the job.
    public static let notAParticipant = SignalDrop(rawValue: "notAParticipant")
    /// More is being done for peers than the node does at once.
    public static let overloaded = SignalDrop(rawValue: "overloaded")
    /// The bus or the handler has ended.
    public static let stopped = SignalDrop(rawValue: "stopped")
}

public import NodeInterface
public import NodeSupport
import TorrentEngine

/// What a link does with one signal.
public struct LinkTreatment: Sendable, Hashable {
    /// How often it arrives: 0 is loss, 2 is duplication.
    public var copies: Int
    /// How long it takes, by the clock of the link.
    public var delay: Duration
    /// The bytes that arrive instead of the signal's own, where they are to differ.
    public var replacement: [UInt8]?
    /// Whether the link declines the signal, so that the bus tries another channel.
    public var isDeclined: Bool

    /// Makes a treatment; without arguments, the signal arrives once and at once.
    public init(
        copies: Int = 1, delay: Duration = .zero, replacement: [UInt8]? = nil, isDeclined: Bool = false
    ) {
        self.copies = copies
        self.delay = delay
        self.replacement = replacement
        self.isDeclined = isDeclined
    }

    /// It arrives once and at once.
    public static let delivered = LinkTreatment()
    /// It is lost, and the sender is not told.
    public static let lost = LinkTreatment(copies: 0)
    /// It arrives twice.
    public static let duplicated = LinkTreatment(copies: 2)
    /// The link declines it.
    public static let declined = LinkTreatment(isDeclined: true)
}

/// A channel from one bus to another in the same process, that treats signals as the test says.
public final class FakeSignalLink: SignalChannel {
    /// What kind of channel it plays.
    public let kind: SignalChannelKind
    private let deliver: @Sendable ([UInt8]) async -> Void
    private let clock: NodeClock
    private let treat: @Sendable (Signal) -> LinkTreatment
    private let sent = Locked<[Signal]>([])

    /// Makes a link.
    ///
    /// - Parameters:
    ///   - kind: The kind of channel to play.
    ///   - peerID: Who sends, as the link proves it to the other side.
    ///   - destination: Where signals arrive. The link does not keep it: two buses that are joined by links would keep
    ///     each other for ever.
    ///   - clock: What delays go by.
    ///   - treat: Called for each signal that the link is asked to take.
    public init(
        kind: SignalChannelKind = .mesh, from peerID: String, to destination: any SignalBus & AnyObject,
        clock: NodeClock = .system,
        treat: @escaping @Sendable (Signal) -> LinkTreatment = { _ in .delivered }
    ) {
        self.kind = kind
        deliver = { [weak destination] bytes in
            _ = await destination?.receive(bytes, from: peerID, over: kind)
        }
        self.clock = clock
        self.treat = treat
    }

    /// Every signal that the link took, lost ones too.
    public var taken: [Signal] { sent.withLock { $0 } }

    /// Treats the signal.
    public func take(_ envelope: [UInt8], of signal: Signal) async -> Bool {
        let treatment = treat(signal)
        guard !treatment.isDeclined else { return false }
        sent.withLock { $0.append(signal) }
        let bytes = treatment.replacement ?? envelope
        guard treatment.delay > .zero else {
            for _ in 0..<max(0, treatment.copies) {
                await deliver(bytes)
            }
            return true
        }
        Task { [clock, deliver] in
            try? await clock.sleep(for: treatment.delay)
            for _ in 0..<max(0, treatment.copies) {
                await deliver(bytes)
            }
        }
        return true
    }
}

/// Two buses that are joined by one link in each direction.
public struct SignalBusPair: Sendable {
    /// The bus of the first node.
    public let first: InMemorySignalBus
    /// The bus of the second node.
    public let second: InMemorySignalBus
    /// From the first to the second.
    public let toSecond: FakeSignalLink
    /// From the second to the first.
    public let toFirst: FakeSignalLink

    /// Joins two nodes.
    ///
    /// - Parameters:
    ///   - firstID: The first node's peer ID.
    ///   - secondID: The second node's.
    ///   - treat: What is done with each signal, in either direction.
    public init(
        _ firstID: String, _ secondID: String, options: SignalBusOptions = SignalBusOptions(),
        clock: NodeClock = .system,
        treat: @escaping @Sendable (Signal) -> LinkTreatment = { _ in .delivered }
    ) async {
        first = InMemorySignalBus(localPeerID: firstID, options: options, clock: clock)
        second = InMemorySignalBus(localPeerID: secondID, options: options, clock: clock)
        toSecond = FakeSignalLink(from: firstID, to: second, clock: clock, treat: treat)
        toFirst = FakeSignalLink(from: secondID, to: first, clock: clock, treat: treat)
        await first.add(toSecond)
        await second.add(toFirst)
    }
}

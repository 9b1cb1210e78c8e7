public import NodeInterface

/// Limits of an ``InMemorySignalBus``.
public struct SignalBusOptions: Sendable, Hashable {
    /// How many signals of one sender are remembered, so that each is delivered once; default 10,000.
    public var rememberedPerSender = 10_000
    /// How many senders are remembered; default 256. One more, and the one that was silent longest is forgotten.
    public var rememberedSenders = 256
    /// How many signals one sender can send at once; default 60.
    public var burstPerSender = 60
    /// How many signals a second one sender can send for long; default 5.
    public var signalsPerSecondPerSender = 5.0
    /// How far ahead of our clock a sender's may be; default 2 minutes.
    public var maximumSkew = Duration.seconds(120)
    /// How long a signal may say that it counts; default 1 hour.
    public var maximumTTL = Duration.seconds(3600)
    /// How many signals wait for a reader; default 256.
    public var waitingPerReader = 256
    /// How many signals are being sent at once; default 256.
    public var pendingSends = 256
    /// How long a channel may take to say whether it takes a signal; default 5 seconds. It counts as declined then, and
    /// what the channel says later is ignored.
    public var channelLimit = Duration.seconds(5)
    /// How many calls of one channel may be left unanswered so at once; default 8. It is not asked any more until one
    /// has ended.
    public var unansweredPerChannel = 8

    /// The defaults.
    public init() {}
}

/// What an ``InMemorySignalBus`` has done so far.
public struct SignalBusStatistics: Sendable, Hashable {
    /// Signals that a channel took.
    public var sent: UInt64 = 0
    /// Times that a channel declined a signal.
    public var declined: UInt64 = 0
    /// Of these, times that it did not answer in time.
    public var unanswered: UInt64 = 0
    /// Signals that arrived and were delivered.
    public var delivered: UInt64 = 0
    /// Signals that arrived and were dropped, by reason.
    public var drops: [SignalDrop: UInt64] = [:]
}

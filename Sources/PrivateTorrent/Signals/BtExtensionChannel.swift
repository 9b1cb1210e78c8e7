public import NodeInterface
public import TorrentEngine

/// Signals over the BitTorrent connections that stand already (BEP 10, extension `slskdn`).
///
/// Reaches only a peer that has a live connection in a torrent which speaks `slskdn` (``AddOptions/messages``), and
/// that has proven its ID there (``PeerMessage``). Give it to a bus as a channel, and let it ``run(into:)`` that bus.
public final class BtExtensionChannel: SignalChannel {
    /// `btExtension`.
    public let kind = SignalChannelKind.btExtension
    private let engine: Engine
    private let messages: AsyncStream<PeerMessage>
    private let counts = Locked<[SignalDrop: UInt64]>([:])

    /// Makes a channel over an engine's torrents; what arrives from now on waits for ``run(into:)``, up to 64 signals.
    public init(engine: Engine) {
        self.engine = engine
        messages = engine.messages()
    }

    /// Sends it at once over the first connection of its addressee that takes it.
    ///
    /// - Returns: False where the peer has no such connection, or does not read what was sent before.
    public func take(_ envelope: [UInt8], of signal: Signal) async -> Bool {
        do throws(EngineError) {
            return try await engine.send(envelope, toPeer: signal.toPeerID) == .sent
        } catch {
            return false
        }
    }

    /// Hands what arrives to a bus, under the peer ID that the connection has proven, until the engine shuts down or
    /// the task is cancelled. Once.
    public func run(into bus: any SignalBus) async {
        for await message in messages {
            let drop = await bus.receive(message.body, from: message.peerID, over: kind)
            if let drop { counts.withLock { $0[drop, default: 0] += 1 } }
        }
    }

    /// What the bus dropped of what arrived here, by reason. What the shim dropped before is in
    /// ``MessageCounters``.
    public var drops: [SignalDrop: UInt64] { counts.withLock { $0 } }
}

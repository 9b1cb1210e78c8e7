import CLibtorrent

/// What an engine has counted since it was started, over all of its torrents, those that are gone too.
public struct EngineCounters: Sendable, Hashable {
    /// BitTorrent traffic from peers in bytes: content, messages and handshakes, without TCP/IP.
    public var receivedBytes: UInt64
    /// The same, to peers.
    public var sentBytes: UInt64
    /// Of ``receivedBytes``, content, whatever became of it.
    public var receivedContentBytes: UInt64
    /// Of ``sentBytes``, content.
    public var sentContentBytes: UInt64
    /// Of ``receivedContentBytes``, those in pieces that failed their hash.
    public var failedBytes: UInt64
    /// Of ``receivedContentBytes``, those that came twice.
    public var redundantBytes: UInt64
    /// Pieces that passed their hash, and those that were taken over as verified when an unfinished torrent was added.
    public var verifiedPieces: UInt64
    /// Times that a piece failed its hash.
    public var failedPieces: UInt64
    /// Dials that were begun.
    public var dials: UInt64
    /// Handshakes of members that dialled us.
    public var incomingHandshakes: UInt64
    /// Handshakes with members that we dialled.
    public var outgoingHandshakes: UInt64
    /// Peers that wait, now, for a download limit of ours.
    public var downloadLimitedPeers: Int
    /// Peers that wait, now, for an upload limit of ours.
    public var uploadLimitedPeers: Int
}

extension Engine {
    /// What was counted so far.
    ///
    /// - Throws: `.shutDown`.
    public func counters() throws(EngineError) -> EngineCounters {
        let handle = try liveHandle("read the counters")
        var native = clt_counters()
        native.struct_size = UInt32(MemoryLayout<clt_counters>.size)
        try nativeCall("read the counters") { clt_engine_get_counters(handle, &native, $0) }
        return EngineCounters(
            receivedBytes: native.received_bytes, sentBytes: native.sent_bytes,
            receivedContentBytes: native.received_payload, sentContentBytes: native.sent_payload,
            failedBytes: native.failed_bytes, redundantBytes: native.redundant_bytes,
            verifiedPieces: native.pieces_passed, failedPieces: native.pieces_failed, dials: native.dials,
            incomingHandshakes: native.incoming_handshakes, outgoingHandshakes: native.outgoing_handshakes,
            downloadLimitedPeers: Int(native.download_limited_peers),
            uploadLimitedPeers: Int(native.upload_limited_peers))
    }
}

import CLibtorrent

extension Engine {
    /// The signals that members send from now on, in all torrents that speak `slskdn`, in order, for one consumer. Ends
    /// when the engine shuts down.
    ///
    /// - Parameter limit: How many may wait, each up to 64 KiB; a consumer that is slower loses the newest, which
    ///   ``missedMessages`` counts.
    public nonisolated func messages(buffering limit: Int = 64) -> AsyncStream<PeerMessage> {
        messageHub.subscribe(buffering: limit)
    }

    /// How many messages consumers of ``messages(buffering:)`` lost because they were too slow.
    public nonisolated var missedMessages: UInt64 { messageHub.missed }

    /// Sends a signal, at once, over the first connection in any torrent that has proven to be that peer's and takes it.
    ///
    /// - Parameter body: At most 65,536 bytes.
    /// - Throws: `.limitExceeded`, `.shutDown`.
    public func send(_ body: [UInt8], toPeer peerID: String) throws(EngineError) -> SendOutcome {
        var outcome = SendOutcome.noSession
        let speaking = records.filter { $0.value.speaksMessages }.keys.sorted { $0.raw < $1.raw }
        for id in speaking where !peerID.isEmpty {
            switch try send(body, to: .peer(peerID), in: id) {
            case .sent: return .sent
            case .wouldBlock: outcome = .wouldBlock
            case .noSession: break
            }
        }
        return outcome
    }

    func send(
        _ body: [UInt8], to recipient: MessageRecipient, in id: Torrent.ID
    ) throws(EngineError) -> SendOutcome {
        let operation = "send a message in torrent \(id)"
        let handle = try liveHandle(operation)
        var native = clt_message()
        native.struct_size = UInt32(MemoryLayout<clt_message>.size)
        native.kind = CLT_MESSAGE_SIGNAL.rawValue
        var peerID = ""
        switch recipient {
        case .endpoint(let endpoint): native.endpoint = clt_endpoint(endpoint)
        case .peer(let peer): peerID = peer
        }
        var outcome: Int32 = 0
        try nativeCall(operation) { error in
            withBorrowed(peerID) { peerID, length in
                body.withUnsafeBufferPointer { body in
                    native.peer_id = peerID
                    native.peer_id_length = length
                    native.body = body.baseAddress
                    native.body_length = body.count
                    return clt_torrent_send_message(handle, id.raw, &native, &outcome, error)
                }
            }
        }
        return switch clt_send_outcome(rawValue: UInt32(bitPattern: outcome)) {
        case CLT_SEND_SENT: .sent
        case CLT_SEND_WOULD_BLOCK: .wouldBlock
        default: .noSession
        }
    }

    func messageCounters(of id: Torrent.ID) throws(EngineError) -> MessageCounters {
        let operation = "count the messages of torrent \(id)"
        let handle = try liveHandle(operation)
        var native = clt_message_counters()
        native.struct_size = UInt32(MemoryLayout<clt_message_counters>.size)
        try nativeCall(operation) { clt_torrent_get_message_counters(handle, id.raw, &native, $0) }
        return MessageCounters(
            sent: native.sent, received: native.received, unknownKind: native.unknown_kind,
            malformed: native.malformed, oversize: native.oversize, noIdentity: native.no_identity,
            wrongIdentity: native.wrong_identity, overBudget: native.over_budget,
            queueFull: native.queue_full, secondClaims: native.second_claims, cut: native.cut)
    }
}

extension Torrent {
    /// Sends a signal over a connection that stands, at once. The torrent must have been added with
    /// ``AddOptions/messages``.
    ///
    /// - Parameters:
    ///   - body: At most 65,536 bytes.
    ///   - recipient: The connection, or whoever has proven to be that peer.
    /// - Throws: `.wrongState` where the torrent does not speak `slskdn`; `.limitExceeded`, `.invalidArgument`,
    ///   `.torrentNotFound`, `.shutDown`.
    public func send(
        _ body: [UInt8], to recipient: MessageRecipient
    ) async throws(EngineError) -> SendOutcome {
        try await engine.send(body, to: recipient, in: id)
    }

    /// What became of its messages so far.
    public func messageCounters() async throws(EngineError) -> MessageCounters {
        try await engine.messageCounters(of: id)
    }
}

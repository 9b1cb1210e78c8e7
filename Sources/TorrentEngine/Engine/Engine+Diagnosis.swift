extension Torrent {
    /// All that is known of it, at one moment.
    package func facts() async throws(EngineError) -> TorrentFacts { try await engine.facts(of: id) }

    /// Whether it may dial there, and does.
    package func dialling(_ endpoint: PeerEndpoint) async throws(EngineError) -> DiallingState {
        try await engine.dialling(endpoint, of: id)
    }

    /// The engine's events from now on.
    package func engineEvents() -> EngineEvents { engine.events() }
}

/// What stands between a torrent and a place that it might dial.
package struct DiallingState: Sendable {
    /// Whether a member is there.
    package let isMember: Bool
    /// Whether the torrent runs.
    package let isStarted: Bool
    /// Whether a connection that we dialled is being made.
    package let isDialling: Bool
    /// Whether one stands.
    package let hasConnection: Bool
}

/// What an engine and a torrent of it are at one moment, for who wants to say why it does not move.
package struct TorrentFacts: Sendable {
    package let torrent: Torrent.ID
    package let interfacesDown: [String]
    /// Where it was told to listen.
    package let listen: [ListenAddress]
    package let listening: [PeerEndpoint]
    package let listenFailures: [EngineError]
    package let engineLimits: RateLimits
    package let refusals: Refusals

    package let status: TorrentStatus
    package let fault: EngineError?
    package let members: [Member]
    package let limits: RateLimits
    package let rateClass: RateClass?
    package let classLimits: RateLimits?
    package let peers: [PeerSnapshot]
    package let history: SwarmHistory
    /// Empty before the metadata is there.
    package let verified: [UInt8]
    /// Its files, where not all of it is wanted; else empty.
    package let chosenFiles: [FileSnapshot]
    package let time: ContinuousClock.Instant
}

/// Where an engine listens, and what its configuration has to say about that and about the disk.
package struct ListeningState: Sendable {
    /// Where it was told to listen.
    package let wanted: [ListenAddress]
    package let listening: [PeerEndpoint]
    package let failures: [EngineError]
    package let interfacesDown: [String]
    /// ``EngineConfiguration/freeSpaceFloor``.
    package let freeSpaceFloor: UInt64
}

extension Engine {
    /// All at one moment.
    ///
    /// - Throws: `.shutDown`.
    package func listeningState() throws(EngineError) -> ListeningState {
        // Asks the native engine too: who measures how long that takes wants to know whether it answers.
        _ = try refusals()
        return ListeningState(
            wanted: configuration.listen, listening: listening, failures: listenFailures,
            interfacesDown: interfacesDown.sorted(), freeSpaceFloor: configuration.freeSpaceFloor)
    }

    /// All at one moment.
    func facts(of id: Torrent.ID) throws(EngineError) -> TorrentFacts {
        let status = try status(of: id)
        let peers = try peers(of: id)
        guard let record = records[id] else { throw notFound("look at torrent \(id)") }
        let hasMetadata = status.pieceCount > 0
        return TorrentFacts(
            torrent: id,
            interfacesDown: interfacesDown.sorted(), listen: configuration.listen, listening: listening,
            listenFailures: listenFailures, engineLimits: limits, refusals: try refusals(),
            status: status,
            fault: record.failure, members: record.members, limits: record.limits,
            rateClass: record.rateClass, classLimits: record.rateClass.flatMap { classLimits[$0] },
            peers: peers, history: record.history, verified: hasMetadata ? try pieces(of: id) : [],
            chosenFiles: status.wantedBytes < status.contentBytes ? try files(of: id) : [], time: .now)
    }

    func dialling(_ endpoint: PeerEndpoint, of id: Torrent.ID) throws(EngineError) -> DiallingState {
        let status = try status(of: id)
        let there = try peers(of: id).filter { $0.endpoint == endpoint && $0.direction == .outgoing }
        return DiallingState(
            isMember: records[id]?.members.contains { $0.rule.covers(endpoint) } ?? false,
            isStarted: status.isStarted && status.state != .failed,
            isDialling: there.contains { !$0.isConnected },
            hasConnection: there.contains(where: \.isConnected))
    }

    /// Keeps what happened to a torrent's peers; and while it lacks pieces, who has which.
    func note(_ kind: EngineEvent.Kind, of id: Torrent.ID) {
        records[id]?.history.note(kind)
        let interval: Duration
        switch kind {
        case .peerStage(_, _, .pieces): interval = .milliseconds(20)
        case .progress:
            // Comes a few times a second while bytes move.
            _ = try? status(of: id)
            interval = .seconds(5)
        default: return
        }
        guard records[id]?.state != .seeding, records[id]?.history.isDue(at: .now, every: interval) == true
        else { return }
        _ = try? peers(of: id)
    }
}

extension AddressRule {
    /// Whether it allows to dial there.
    package func covers(_ endpoint: PeerEndpoint) -> Bool {
        contains(endpoint.address) && (port == nil || port == endpoint.port)
    }
}

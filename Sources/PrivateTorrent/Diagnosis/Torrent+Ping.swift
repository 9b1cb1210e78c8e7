public import TorrentEngine

extension Torrent {
    /// Dials a member, and says how far that gets: dial, TCP, handshake, extension handshake, bitfield. The connection
    /// stays, as any other.
    ///
    /// - Parameters:
    ///   - endpoint: Where a member is. Anybody else is refused, and nothing is sent.
    ///   - limit: How long to wait; after that, the first stage that is missing has failed.
    /// - Throws: `.noMember` where no member is there; `.wrongState` where the torrent is stopped; `.cancelled`,
    ///   `.torrentNotFound`, `.shutDown`.
    public func ping(
        _ endpoint: PeerEndpoint, within limit: Duration = .seconds(15)
    ) async throws(EngineError) -> PeerProbe {
        let operation = "ping \(endpoint)"
        let before = try await dialling(endpoint)
        guard before.isMember else {
            throw EngineError(
                .noMember, operation, reason: "no member of the torrent is there, so nothing was sent",
                remedy: "add it to the members first")
        }
        guard before.isStarted else {
            throw EngineError(
                .wrongState, operation, reason: "the torrent is stopped", remedy: "start it, and try again")
        }
        var probe = PeerProbe(endpoint)
        guard !before.hasConnection else {
            probe.wasConnected = true
            return probe
        }
        let start = ContinuousClock.now
        let progress = Locked(probe)
        let watched = engineEvents()
        let watching = Task {
            for await event in watched where event.torrent == id {
                let isOver = progress.withLock { probe in
                    probe.take(event.kind, after: ContinuousClock.now - start)
                    return probe.isOver
                }
                if isOver { return }
            }
        }
        defer { watching.cancel() }
        try await self.start(dialling: [endpoint])
        while ContinuousClock.now - start < limit {
            let now = progress.withLock { $0 }
            if now.isOver { return now }
            if now.steps.isEmpty, try await dialling(endpoint).isDialling {
                progress.withLock { $0.reach(.dial, ContinuousClock.now - start) }
            }
            do {
                try await Task.sleep(for: .milliseconds(5))
            } catch {
                throw EngineError(.cancelled, operation, reason: "the task was cancelled")
            }
        }
        let last = try await peerReports().first { $0.endpoint == endpoint && $0.direction == .outgoing }
        return progress.withLock { probe in
            probe.giveUp(after: ContinuousClock.now - start, last: last)
            return probe
        }
    }
}

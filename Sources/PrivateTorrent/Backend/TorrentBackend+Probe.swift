import NodeInterface
import TorrentEngine

extension TorrentBackend {
    /// What a health check costs.
    static let probeCost = 3

    /// Asks the members of a torrent that is not running for its metadata, and what they have of it. Nobody else is
    /// asked, nothing is written, and nothing stays.
    ///
    /// - Returns: What speaks against it; nil where all of it can be had.
    func probe(_ infoHash: InfoHash, _ budget: any WorkBudget) async -> CandidateValidation? {
        guard await budget.trySpend(Self.probeCost) else { return .invalid(.budgetExhausted) }
        // What runs is known to be well.
        guard running[infoHash] == nil else { return nil }
        let limit = Duration.seconds(options.queryTimeoutSeconds)
        do throws(BackendError) {
            return try await probes.value(for: infoHash, operation: "probe torrent \(infoHash)") {
                () throws(BackendError) in
                try await self.askMembers(infoHash, until: ContinuousClock.now + limit)
            }
        } catch {
            return .invalid(.checkFailed, detail: error.description)
        }
    }

    private func askMembers(
        _ infoHash: InfoHash, until deadline: ContinuousClock.Instant
    ) async throws(BackendError) -> CandidateValidation? {
        let membership = try membership(of: nil)
        // New options must reach it, as they do what runs.
        probing[infoHash] = membership
        defer { probing[infoHash] = nil }
        await membership.begin()
        let verdict: Result<CandidateValidation?, BackendError>
        if await membership.waitForMember(within: deadline - .now) {
            do throws(BackendError) {
                verdict = .success(
                    try await translatingErrors { () throws(EngineError) in
                        try await ask(infoHash, membership, until: deadline)
                    })
            } catch {
                verdict = .failure(error)
            }
        } else {
            verdict = .success(.invalid(.noPeer, detail: "nobody who may be in the swarm is known"))
        }
        await membership.end()
        return try verdict.get()
    }

    private func ask(
        _ infoHash: InfoHash, _ membership: Membership, until deadline: ContinuousClock.Instant
    ) async throws(EngineError) -> CandidateValidation? {
        // Nothing is written before metadata is accepted, and that is never done here.
        let members = await membership.members
        guard running[infoHash] == nil else { return nil }
        let torrent = try await engine.add(infoHash, options: AddOptions(saveFolder: "/", members: members))
        do throws(EngineError) {
            await membership.attach(torrent)
            try await torrent.start(dialling: members.compactMap(\.endpoint))
            let verdict = try await health(of: torrent, until: deadline)
            try await torrent.remove()
            return verdict
        } catch {
            try? await torrent.remove()
            throw error
        }
    }

    private func health(
        of torrent: Torrent, until deadline: ContinuousClock.Instant
    ) async throws(EngineError) -> CandidateValidation? {
        let metainfo: Metainfo
        do throws(EngineError) {
            metainfo = try await torrent.metadata(within: max(.zero, deadline - .now))
        } catch  where error.code == .timedOut {
            // Past the handshake: whoever is not listed there is closed on, again and again.
            let isConnected = try await torrent.peers().contains(where: \.isConnected)
            return .invalid(
                isConnected ? .timedOut : .noPeer,
                detail: isConnected
                    ? "no member sent the metadata in time" : "no member could be reached in time")
        }
        do throws(EngineError) {
            try metainfo.checkPrivateMode()
        } catch {
            return .invalid(.refusedContent, detail: error.reason)
        }
        while true {
            let peers = try await torrent.peers().filter(\.isConnected)
            if peers.contains(where: { $0.isSeed || $0.pieceCount >= metainfo.pieceCount }) { return nil }
            guard ContinuousClock.now < deadline else {
                return .invalid(
                    .tooFewSeeders, detail: "\(peers.count) members are connected, and none has all of it")
            }
            do { try await Task.sleep(for: .milliseconds(50)) } catch {
                throw EngineError(
                    .cancelled, "probe torrent \(torrent.infoHash)", reason: "the task was cancelled")
            }
        }
    }
}

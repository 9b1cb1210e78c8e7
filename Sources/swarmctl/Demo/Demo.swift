import PrivateTorrent
import TorrentEngine

/// The main job on one machine: one who shares, one who fetches by invite, and one who is no member.
struct Demo: Sendable {
    /// The size of the large file, in bytes.
    let fileSize: UInt64
    /// Says what is being done.
    let note: @Sendable (String) -> Void

    /// Long enough for what is learnt by PEX to be dialled: the engine does that once a second.
    private static let watchMilliseconds = 2500

    func run() async throws -> DemoReport {
        let start = ContinuousClock.now
        let folder = try await onThread { () throws(EngineError) in try DemoFolder.make() }
        let result: Result<DemoReport, any Error>
        do {
            result = .success(try await withLimit { try await play(in: folder, since: start) })
        } catch {
            result = .failure(error)
        }
        try await onThread { () throws(EngineError) in folder.remove() }
        return try result.get()
    }

    /// Ends what does not come to an end: a stall is an answer too.
    private func withLimit(
        _ body: @escaping @Sendable () async throws -> DemoReport
    ) async throws -> DemoReport {
        let limit = Duration.seconds(30 + Int(clamping: fileSize >> 22))
        let isTimeUp = OnceFlag()
        let work = Task { try await body() }
        let timer = Task {
            try await Task.sleep(for: limit)
            isTimeUp.raise()
            work.cancel()
        }
        defer { timer.cancel() }
        let outcome = await withTaskCancellationHandler {
            await work.result
        } onCancel: {
            work.cancel()
        }
        if case .failure = outcome, isTimeUp.isRaised {
            throw Failure("timedOut", .unavailable, "the demo did not end within \(Units.time(limit))")
        }
        return try outcome.get()
    }

    private func play(in folder: DemoFolder, since start: ContinuousClock.Instant) async throws -> DemoReport
    {
        note("making data in \(folder.path), and setting up the watchers")
        let fileSize = fileSize
        try await onThread { () throws(EngineError) in try folder.fill(fileSize: fileSize) }
        let addresses = try DemoAddresses()
        let watchers = try await onThread { () throws(EngineError) in
            let watchers = try ChannelWatchers(addresses)
            try WatcherSelfTest(watchers: watchers).run()
            return watchers
        }
        defer { watchers.stop() }
        let poison = PoisonedTorrent(outsiders: try PoisonedTorrent.Outsiders(watchers))
        let file = try await TorrentCreator().create(of: folder.file).metainfo
        let album = try await TorrentCreator().create(of: folder.album).metainfo
        watchers.watch(for: [file.infoHash, album.infoHash])

        return try await withEngine(at: addresses.seed) { seed in
            try await withEngine(at: addresses.member) { member in
                let swarm = DemoSwarm(
                    addresses: addresses, folder: folder, watchers: watchers, poison: poison, seed: seed,
                    member: member, file: file, album: album)
                return try await play(swarm, since: start)
            }
        }
    }

    private func play(_ swarm: DemoSwarm, since start: ContinuousClock.Instant) async throws -> DemoReport {
        note("sharing from \(swarm.addresses.seed), fetching from \(swarm.addresses.member)")
        let events = swarm.seed.events()
        let tally = Task { await PeerTally.count(events) }
        let doors = try await swarm.open()
        let isOver = OnceFlag()
        return try await withTaskCancellationHandler {
            async let knocked = onThread { () throws(EngineError) in
                try Stranger(address: swarm.addresses.stranger, infoHash: swarm.file.infoHash)
                    .knock(at: doors.map(\.endpoint))
            }
            async let gossiped = onThread { () throws(EngineError) in
                try swarm.gossipingMember().gossip(
                    at: doors, for: Self.watchMilliseconds, until: { isOver.isRaised })
            }
            let copies: [DemoReport.Copy]
            do {
                copies = try await swarm.fetch()
            } catch {
                isOver.raise()
                throw error
            }
            note("watching for what might leave the swarm")
            let (stranger, gossip) = (try await knocked, try await gossiped)
            try Task.checkCancellation()
            let parties = Set(try await swarm.parties().map { SocketEnd($0) })
            let counts = swarm.watchers.counts(parties: parties)
            let looks = swarm.watchers.table.looks
            try await swarm.seed.shutdown()
            return DemoReport(
                addresses: swarm.addresses, copies: copies, stranger: stranger, gossip: gossip,
                channels: counts + gossip.counts, looks: looks, total: ContinuousClock.now - start,
                seedPeers: await tally.value)
        } onCancel: {
            isOver.raise()
        }
    }

    private func withEngine<Value: Sendable>(
        at address: IPAddress, _ body: (Engine) async throws -> Value
    ) async throws -> Value {
        let engine = try await Engine.start(
            EngineConfiguration(listen: [try ListenAddress(address: address, port: 0)]))
        do {
            let value = try await body(engine)
            try await engine.shutdown()
            return value
        } catch {
            try? await engine.shutdown(within: .seconds(2))
            throw error
        }
    }
}

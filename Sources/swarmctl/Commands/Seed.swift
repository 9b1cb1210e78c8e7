import ArgumentParser
import PrivateTorrent
import TorrentEngine

/// `swarmctl seed`
struct Seed: AsyncParsableCommand, EndsWhenInterrupted {
    static let configuration = CommandConfiguration(
        abstract: "Seed content that is on disk, to the members you list, until interrupted.",
        discussion: """
            The content is checked first; exit 65 where it does not match.

              swarmctl seed album.torrent --data ~/Music --listen 10.0.0.1:6881 --allow 10.0.0.2

            With --state, the torrent and its members are kept, and everything that is kept there runs: without a \
            torrent, all that was added before. What is unchanged since it was checked is not checked again.

              swarmctl seed album.torrent --data ~/Music --state ~/.swarm --listen 10.0.0.1:6881 --allow 10.0.0.2
              swarmctl seed --state ~/.swarm --listen 10.0.0.1:6881

            Interrupt (Ctrl-C) to end: exit 0.
            """)

    @Argument(help: ArgumentHelp("The torrent; none with --state alone.", valueName: "file.torrent"))
    var torrent: String?

    @Option(help: ArgumentHelp("The folder that holds the torrent's file or folder.", valueName: "dir"))
    var data: String?

    @OptionGroup var state: StateOptions

    @Option(help: ListenOptions.help.named("host:port"))
    var listen: [String] = []

    @OptionGroup var members: MemberOptions
    @OptionGroup var rates: LimitOptions
    @OptionGroup var wire: WireOptions
    @OptionGroup var common: CommonOptions

    func validate() throws {
        guard torrent != nil || state.state != nil else {
            throw ValidationError("Missing expected argument '<file.torrent>'")
        }
        guard (torrent == nil) == (data == nil) else {
            throw ValidationError("a torrent and --data <dir> go together")
        }
        guard torrent != nil || (members.allow.isEmpty && members.allowFile == nil) else {
            throw ValidationError(
                "--allow and --allow-file are for a torrent: those that are kept have their members")
        }
    }

    func run() async throws {
        let output = common.output
        let limits = try rates.limits()
        let listen = try ListenOptions.require(listen)
        let session = try await SeedSession(members, common: common)
        var metainfo: Metainfo?
        if let torrent { metainfo = try await loadTorrent(torrent) }
        let given = metainfo
        try await EngineSession.with(
            listen: listen, wire: wire, limits: limits, logger: common.logger
        ) { engine in
            try await state.with(engine, output) { store in
                let events = engine.events()
                var added: Torrent?
                if let given, let data {
                    let progress = ProgressView(output)
                    let seeder = if let store { Seeder(store: store) } else { Seeder(engine: engine) }
                    added = try await seeder.seed(given, in: data, members: session.members) {
                        progress.hashing($0, verb: "checking")
                    }
                }
                _ = await session.reportListening(engine)
                if let given {
                    session.sayWhoIsAdmitted()
                    output.note("seeding \(safe(given.name)): \(given.summary); Ctrl-C ends it")
                }
                if let store { await Self.takeUp(store, output) }
                try await session.run(added, keptIn: store, events: events)
            }
        }
    }

    /// Runs what is kept, beside what was given.
    private static func takeUp(_ store: TorrentStore, _ output: Output) async {
        let failures = await store.restore()
        var running = 0
        for entry in await store.torrents {
            let infoHash = entry.infoHash
            if let error = failures[infoHash] {
                output.warn("torrent \(infoHash) is not taken up: \(safe(error.reason))")
                if let remedy = error.remedy { output.note("  " + safe(remedy)) }
                output.emit(RestoredEvent(infoHash, error))
            } else if await store.torrent(infoHash) != nil {
                running += 1
                output.emit(RestoredEvent(infoHash))
            }
        }
        output.note("\(Units.count(running, "torrent")) of \(safe(store.path)) running; Ctrl-C ends it")
    }
}

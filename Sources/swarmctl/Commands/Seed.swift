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

            Interrupt (Ctrl-C) to end: exit 0.
            """)

    @Argument(help: ArgumentHelp("The torrent.", valueName: "file.torrent"))
    var torrent: String

    @Option(help: ArgumentHelp("The folder that holds the torrent's file or folder.", valueName: "dir"))
    var data: String

    @Option(help: ListenOptions.help.named("host:port"))
    var listen: [String] = []

    @OptionGroup var members: MemberOptions
    @OptionGroup var wire: WireOptions
    @OptionGroup var common: CommonOptions

    func run() async throws {
        let output = common.output
        let listen = try ListenOptions.require(listen)
        let session = try await SeedSession(members, common: common)
        let metainfo = try await loadTorrent(torrent)
        try await EngineSession.with(listen: listen, wire: wire, logger: common.logger) { engine in
            let events = engine.events()
            let progress = ProgressView(output)
            let torrent = try await Seeder(engine: engine).seed(
                metainfo, in: data, members: session.members
            ) { progress.hashing($0, verb: "checking") }
            _ = await session.reportListening(engine)
            session.sayWhoIsAdmitted()
            output.note("seeding \(safe(metainfo.name)): \(metainfo.summary); Ctrl-C ends it")
            try await session.run(torrent, events: events)
        }
    }
}

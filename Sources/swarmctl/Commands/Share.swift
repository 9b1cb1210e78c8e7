import ArgumentParser
import PrivateTorrent
import TorrentEngine

/// `swarmctl share`
struct Share: AsyncParsableCommand, EndsWhenInterrupted {
    static let configuration = CommandConfiguration(
        abstract: "Share a file or folder with the members you list, and print the invite.",
        discussion: """
            Makes a torrent, seeds it until interrupted, and prints a magnet link: the invite, for the members. It \
            is of use to nobody else, since only listed addresses are admitted.

              swarmctl share ~/album --listen 10.0.0.1:6881 --allow 10.0.0.2

            Interrupt (Ctrl-C) to end: exit 0. With --detach the node that runs seeds it, where it listens.
            """)

    @Argument(help: "The file or folder.")
    var path: String

    @Option(help: ListenOptions.help.named("host:port"))
    var listen: [String] = []

    @Option(
        help: ArgumentHelp(
            "The address and port that members reach, where they differ from --listen.",
            discussion: "Needed with a wildcard (0.0.0.0, ::). Port 0 stands for the port of --listen.",
            valueName: "host:port"))
    var announce: String?

    @OptionGroup var members: MemberOptions
    @OptionGroup var content: ContentOptions
    @OptionGroup var rates: LimitOptions
    @OptionGroup var wire: WireOptions
    @OptionGroup var handing: DetachOptions
    @OptionGroup var common: CommonOptions

    func run() async throws {
        try handing.check([
            "--listen": !listen.isEmpty, "--allow-file": members.allowFile != nil, "--stealth": wire.stealth,
            "--encryption": wire.encryption != .handshakeOnly,
        ])
        guard content.name == nil else {
            throw Failure.usage(
                "--name is for create: what is shared is found on disk by its own name",
                remedy: "rename it, or share it as it is")
        }
        guard !handing.detach else { return try await detached() }
        let output = common.output
        let limits = try rates.limits()
        let listen = try ListenOptions.require(listen)
        let announced = try Announcement(announce, listen: listen)
        let session = try await SeedSession(members, common: common)
        try await EngineSession.with(
            listen: listen, wire: wire, limits: limits, logger: common.logger
        ) { engine in
            let created = try await content.create(path, output: output)
            guard let folder = created.savePath else {
                throw Failure(
                    "internalFailure", .software, "the torrent has not the name of what it was made of")
            }
            let events = engine.events()
            let torrent = try await Seeder(engine: engine).seed(
                created.metainfo, in: folder, members: session.members, isVerified: true,
                identities: created.identities)
            let peers = announced.endpoints(listening: await session.reportListening(engine))
            let magnet = created.magnet(peers: peers)
            session.sayWhoIsAdmitted()
            output.note("sharing \(safe(created.metainfo.name)): \(created.summary); Ctrl-C ends it")
            output.note("the invite, for swarmctl fetch:")
            output.emit(CreatedEvent(created, magnet: magnet, output: nil))
            output.emit(
                InviteEvent(infoHash: created.metainfo.infoHash.description, magnet: magnet.description))
            output.print(magnet.description)
            try await session.run(torrent, events: events)
        }
    }
}

/// Which addresses an invite names.
struct Announcement: Sendable {
    private let given: (address: IPAddress, port: UInt16)?

    /// - Throws: 64 for a bad value, and where there is none but a wildcard to name.
    init(_ text: String?, listen: [ListenAddress]) throws(Failure) {
        guard let text else {
            guard !listen.allSatisfy(\.isWildcard) else {
                throw .usage(
                    "an invite must name an address, and --listen names a wildcard",
                    remedy: "add --announce HOST:PORT with the address that members reach")
            }
            given = nil
            return
        }
        let announced = try Failure.inOption("--announce") { () throws(EngineError) in
            try ListenAddress(parsing: text)
        }
        guard let address = announced.address, !announced.isWildcard else {
            throw .usage(
                "--announce: \(safe(text)) is no address that a member can reach",
                remedy: "give an IP address and a port")
        }
        given = (address, announced.port)
    }

    /// What the invite names, given where the engine listens.
    func endpoints(listening: [PeerEndpoint]) -> [PeerEndpoint] {
        guard let given else { return listening.filter { !$0.address.isUnspecified } }
        let ports = given.port != 0 ? [given.port] : listening.map(\.port)
        return ports.prefix(1).compactMap { try? PeerEndpoint(address: given.address, port: $0) }
    }
}

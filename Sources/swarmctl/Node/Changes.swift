import ArgumentParser
import NodeControl
import TorrentEngine

/// `swarmctl pause`
struct Pause: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Close a torrent's connections, until it is resumed; after a restart of the node too.")

    @OptionGroup var torrent: TorrentArgument
    @OptionGroup var node: NodeOptions
    @OptionGroup var common: CommonOptions

    func run() async throws { try await change(torrent, node, common.output, "pause") }
}

/// `swarmctl resume`
struct Resume: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Take up a torrent that was paused or stopped.")

    @OptionGroup var torrent: TorrentArgument
    @OptionGroup var node: NodeOptions
    @OptionGroup var common: CommonOptions

    func run() async throws { try await change(torrent, node, common.output, "resume") }
}

private func change(
    _ argument: TorrentArgument, _ node: NodeOptions, _ output: Output, _ verb: String
) async throws {
    let torrent = try await argument.find(node.client)
    let after = try await node.client.send("POST", "\(torrent.route)/\(verb)", as: TorrentAnswer.self).torrent
    output.emit(TorrentEvent(torrent: after))
    output.print("\(after.title): \(after.state.rawValue)")
}

/// `swarmctl remove`
struct Remove: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Take a torrent out of the node.",
        discussion: "Its content stays where it is, unless --data is given.")

    @OptionGroup var torrent: TorrentArgument
    @Flag(help: "Delete its content too: the files that are the torrent's own, and nothing else.")
    var data = false
    @OptionGroup var node: NodeOptions
    @OptionGroup var common: CommonOptions

    func run() async throws {
        let found = try await torrent.find(node.client)
        try await node.client.remove(found.infoHash, data: data)
        let output = common.output
        output.emit(RemovedEvent(infoHash: "\(found.infoHash)", deletedData: data))
        output.print("\(found.title): removed\(data ? ", with its content" : "")")
    }
}

/// A torrent has gone.
struct RemovedEvent: OutputEvent {
    static let event = EventName.removed
    let infoHash: String
    let deletedData: Bool
}

/// `swarmctl move`
struct Move: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Move a torrent's content into another folder of the node's machine.",
        discussion: "Across file systems it is copied, compared and only then deleted.")

    @OptionGroup var torrent: TorrentArgument
    @Option(help: ArgumentHelp("The new folder.", valueName: "folder"))
    var to: String
    @OptionGroup var node: NodeOptions
    @OptionGroup var common: CommonOptions

    func run() async throws {
        let folder = try DetachOptions.absolute(to)
        let found = try await torrent.find(node.client)
        let left = try await node.client.send(
            "POST", "\(found.route)/move", body: MoveRequest(folder: folder), as: LeftFiles.self)
        let output = common.output
        output.emit(MovedEvent(infoHash: "\(found.infoHash)", folder: folder, left: left.left))
        output.print("\(found.title): in \(safe(folder))")
        for file in left.left { output.warn("\(safe(file.path)) stayed: \(safe(file.error.reason))") }
    }
}

/// A torrent's content is elsewhere.
struct MovedEvent: OutputEvent {
    static let event = EventName.moved
    let infoHash: String
    let folder: String
    let left: [LeftFiles.Entry]
}

/// `swarmctl rename`
struct Rename: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Give a file of a torrent another name; the swarm does not see it.",
        discussion: """
            Whole or not, running or paused. Paths are below the torrent's folder and begin with its name, which stays:

              swarmctl rename album 'album/01.flac' 'album/side A/first.flac'
            """)

    @OptionGroup var torrent: TorrentArgument
    @Argument(help: "The file: its path as it is now.")
    var file: String
    @Argument(help: "Its new path.")
    var path: String
    @OptionGroup var node: NodeOptions
    @OptionGroup var common: CommonOptions

    func run() async throws {
        let found = try await torrent.find(node.client)
        let after = try await node.client.send(
            "POST", "\(found.route)/rename", body: RenameRequest(file: file, to: path), as: TorrentAnswer.self
        ).torrent
        let output = common.output
        output.emit(TorrentEvent(torrent: after))
        output.print("\(after.title): \(safe(file)) is \(safe(path)) now")
    }
}

/// `swarmctl limit`
struct Limit: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Limit the rates of one torrent; a rate that is not given has no limit.")

    @OptionGroup var torrent: TorrentArgument
    @OptionGroup var limits: LimitOptions
    @OptionGroup var node: NodeOptions
    @OptionGroup var common: CommonOptions

    func run() async throws {
        let rates = try limits.limits()
        let found = try await torrent.find(node.client)
        let after = try await node.client.send(
            "PUT", "\(found.route)/limits",
            body: TorrentLimits(rates), as: TorrentAnswer.self
        ).torrent
        let output = common.output
        output.emit(TorrentEvent(torrent: after))
        output.print(
            "\(after.title): up \(Self.words(after.limits.upload)), down \(Self.words(after.limits.download))"
        )
    }

    private static func words(_ rate: UInt32) -> String { rate == 0 ? "no limit" : Units.rate(UInt64(rate)) }
}

/// `swarmctl select`
struct Select: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Choose which files of a torrent are fetched.",
        discussion: "Patterns as `fetch --select` has them; without any, everything is wanted again.")

    @OptionGroup var torrent: TorrentArgument
    @Option(help: ArgumentHelp("What is wanted, by glob or index; may be repeated.", valueName: "pattern"))
    var select: [String] = []
    @Option(help: ArgumentHelp("What is left out of that; may be repeated.", valueName: "pattern"))
    var deselect: [String] = []
    @OptionGroup var node: NodeOptions
    @OptionGroup var common: CommonOptions

    func run() async throws {
        let found = try await torrent.find(node.client)
        let after = try await node.client.send(
            "PUT", "\(found.route)/selection", body: SelectionRequest(select: select, deselect: deselect),
            as: TorrentAnswer.self
        ).torrent
        let output = common.output
        output.emit(TorrentEvent(torrent: after))
        output.print(
            "\(after.title): \(Units.size(after.wantedBytes)) of \(Units.size(after.sizeBytes)) wanted")
    }
}

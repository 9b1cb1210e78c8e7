import ArgumentParser
import NodeControl
import TorrentEngine

/// `swarmctl events`
struct EventsCommand: AsyncParsableCommand, EndsWhenInterrupted {
    static let configuration = CommandConfiguration(
        commandName: "events",
        abstract: "Show what happened in a node, one line each; with --follow, what happens from now on.",
        discussion: "Events are hints: what is so now, list and status say.")

    @Flag(help: "Wait for what happens next, until interrupted or the node ends.")
    var follow = false
    @Option(
        help: ArgumentHelp(
            "Only what came behind the event with this ID, which --json shows.", valueName: "id"))
    var after: String?
    @Flag(help: "Show progress too, at most once a second for a torrent. With --follow.")
    var progress = false
    @OptionGroup var node: NodeOptions
    @OptionGroup var common: CommonOptions

    var endsWhenInterrupted: Bool { follow }

    func run() async throws {
        let (output, progress) = (common.output, progress)
        func show(_ received: ReceivedEvent) {
            guard progress || received.event.type != .progress else { return }
            output.emit(NodeEventLine(id: received.id, occurred: received.event))
            output.print(Self.words(received.event))
        }
        guard follow else {
            for received in try await node.client.keptEvents(after: after) { show(received) }
            return
        }
        try await node.client.follow(after: after) {
            show($0)
            return output.canWrite
        }
    }

    static func words(_ event: NodeEvent) -> String {
        let parts: [String?] = [
            "\(event.time)", event.type.rawValue, event.infoHash.map { String("\($0)".prefix(8)) },
            event.state,
            event.endpoint.map { "\($0)" }, event.reason, event.piece.map { "piece \($0)" },
            event.bytes.map(Units.size), event.path, event.detail, event.error.map { $0.reason },
            event.missed.map { "\($0) events were lost" },
        ]
        return safe(parts.compactMap { $0 }.joined(separator: "  "))
    }
}

/// What happened in a node.
struct NodeEventLine: OutputEvent {
    static let event = EventName.nodeEvent
    let id: String?
    let occurred: NodeEvent
}

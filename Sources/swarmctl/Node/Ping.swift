import ArgumentParser
import NodeControl
import PrivateTorrent
import TorrentEngine

/// `swarmctl ping`
struct Ping: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Have a node dial a member of a torrent, and say how far that gets.",
        discussion: "Exit status 69 where a stage is not reached.")

    @OptionGroup var torrent: TorrentArgument
    @Argument(help: "Where the member is: 10.0.0.1:6881.")
    var peer: String
    @OptionGroup var node: NodeOptions
    @OptionGroup var common: CommonOptions

    func run() async throws {
        let endpoint = try Failure.inOption("peer") { () throws(EngineError) in
            try PeerEndpoint(parsing: peer)
        }
        let found = try await torrent.find(node.client)
        let probe = try await node.client.send(
            "POST", "\(found.route)/ping", body: PingRequest(endpoint: endpoint), as: PingReport.self
        ).probe
        let output = common.output
        output.emit(PingEvent(infoHash: "\(found.infoHash)", probe: probe))
        if probe.wasConnected {
            output.print("\(endpoint) is connected: we had dialled it before, so nothing was dialled now")
        }
        for line in List.aligned(probe.steps.map { [$0.stage.rawValue, Self.time($0.milliseconds)] }) {
            output.print(line)
        }
        guard let failure = probe.failure else { return }
        throw Failure(
            "notReached", .unavailable,
            "\(endpoint): \(failure.stage.rawValue) failed after \(Self.time(failure.milliseconds)): "
                + Self.why(failure), remedy: "`swarmctl explain` says what to do")
    }

    /// Most of it goes in milliseconds.
    private static func time(_ milliseconds: Double) -> String {
        milliseconds < 1000 ? "\(Int(milliseconds)) ms" : Units.time(.milliseconds(Int64(milliseconds)))
    }

    /// What it means, and the engine's words for it.
    private static func why(_ failure: PeerProbe.Failure) -> String {
        guard let reason = failure.reason, !failure.detail.isEmpty else { return failure.detail }
        return "\(reason.words) (\(failure.detail))"
    }
}

/// How far a dial got.
struct PingEvent: OutputEvent {
    static let event = EventName.ping
    let infoHash: String
    let probe: PeerProbe
}

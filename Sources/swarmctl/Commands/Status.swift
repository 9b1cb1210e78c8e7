import ArgumentParser
import NodeControl

/// `swarmctl status`
struct Status: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Show how a running node does.")

    @OptionGroup var node: NodeOptions
    @OptionGroup var common: CommonOptions

    func run() async throws {
        let output = common.output
        let status = try await node.client.status()
        output.emit(NodeStatusEvent(status: status))
        let listen = status.listen.isEmpty ? "nowhere" : status.listen.joined(separator: ", ")
        output.print("version    \(safe(status.version)), libtorrent \(safe(status.engineVersion))")
        output.print("uptime     \(Units.time(.seconds(status.uptimeSeconds))), process \(status.processID)")
        output.print("listening  \(safe(listen))")
        output.print("torrents   \(Self.words(status.torrents))")
        output.print("peers      \(status.connectedPeers)")
        output.print("down       \(Units.rate(status.downloadRate))")
        output.print("up         \(Units.rate(status.uploadRate))")
        output.print("state      \(safe(status.stateDirectory))")
        for reason in status.notReady { output.warn("not ready: \(safe(reason))") }
        if status.wasUnclean { output.note("the run before this one did not end as it should") }
        if status.stateProblems > 0 {
            output.warn(
                "\(Units.count(status.stateProblems, "broken file")) in the state directory: see the log")
        }
    }

    /// `3: 2 seeding, 1 paused`.
    static func words(_ counts: NodeStatus.Counts) -> String {
        let parts = [
            (counts.seeding, "seeding"), (counts.downloading, "downloading"), (counts.preparing, "preparing"),
            (counts.paused, "paused"), (counts.failed, "failed"),
        ].filter { $0.0 > 0 }.map { "\($0.0) \($0.1)" }
        return parts.isEmpty ? "\(counts.total)" : "\(counts.total): \(parts.joined(separator: ", "))"
    }
}

/// The node at one moment.
struct NodeStatusEvent: OutputEvent {
    static let event = "status"
    let status: NodeStatus

    func encode(to encoder: any Encoder) throws { try status.encode(to: encoder) }
}

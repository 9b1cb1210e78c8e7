import ArgumentParser
import NodeControl
import TorrentEngine

/// `swarmctl status`
struct Status: AsyncParsableCommand, EndsWhenInterrupted {
    static let configuration = CommandConfiguration(
        abstract: "Show how a running node does: once, or again and again with --watch.",
        discussion: "On a terminal --watch draws over what it wrote; elsewhere it writes one below the other."
    )

    @Flag(help: "Show it every two seconds, until interrupted.")
    var watch = false
    @OptionGroup var node: NodeOptions
    @OptionGroup var common: CommonOptions

    var endsWhenInterrupted: Bool { watch }

    func run() async throws {
        let output = common.output
        var drawn = 0
        repeat {
            let status = try await node.client.status()
            output.emit(NodeStatusEvent(status: status))
            output.redraw(Self.lines(status), over: drawn)
            drawn = Self.lines(status).count
            if !watch { Self.warn(status, output) }
            if watch && output.canWrite { try await Task.sleep(for: .seconds(2)) }
        } while watch && output.canWrite
    }

    static func lines(_ status: NodeStatus) -> [String] {
        let listen = status.listen.isEmpty ? "nowhere" : status.listen.joined(separator: ", ")
        let lines = [
            "version    \(safe(status.version)), libtorrent \(safe(status.engineVersion))",
            "uptime     \(Units.time(.seconds(status.uptimeSeconds))), process \(status.processID)",
            "listening  \(safe(listen))",
            "torrents   \(words(status.torrents))",
            "peers      \(status.connectedPeers)",
            "down       \(Units.rate(status.downloadRate))",
            "up         \(Units.rate(status.uploadRate))",
            "state      \(safe(status.stateDirectory))",
        ]
        guard !status.notReady.isEmpty else { return lines }
        return lines + ["not ready  \(safe(status.notReady.joined(separator: "; ")))"]
    }

    private static func warn(_ status: NodeStatus, _ output: Output) {
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
    static let event = EventName.status
    let status: NodeStatus

    func encode(to encoder: any Encoder) throws { try status.encode(to: encoder) }
}

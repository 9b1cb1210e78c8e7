import ArgumentParser
import Logging
import Metrics
import NodeControl
import NodeInterface
import PrivateTorrent
import PrometheusMetrics
import TorrentEngine

#if canImport(Glibc)
    import Glibc
#endif

/// The command line.
struct SwarmdArguments: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "swarmd",
        abstract: "A node that keeps private BitTorrent swarms, and is controlled with swarmctl.",
        discussion: "SIGHUP reads the file again, SIGTERM ends it. Docs/Swarmd.md has the file's keys.",
        version: "swarmd \(PackageVersion.current)")

    @Option(help: ArgumentHelp("The node's configuration: .yaml, .yml or .json.", valueName: "file"))
    var config: String
}

/// Where the process begins.
@main
enum EntryPoint {
    static func main() {
        let arguments = SwarmdArguments.parseOrExit()
        let signals = DaemonSignals()
        let (log, manager) = (DaemonLog(), ServiceManager())
        let metrics = PrometheusRegistry(describing: .swarmd)
        MetricsSystem.bootstrap(metrics)
        Task.detached { exit(await run(arguments.config, signals, log, manager, metrics)) }
        signals.serve(within: Daemon.stopLimit)
    }

    private static func run(
        _ path: String, _ signals: DaemonSignals, _ log: DaemonLog, _ manager: ServiceManager,
        _ metrics: PrometheusRegistry
    ) async -> Int32 {
        let daemon: Daemon
        do {
            daemon = try await Daemon.start(path, log, manager, metrics)
        } catch {
            log.write(.error, "swarmd", "\(error)", isWhole: true)
            return 1
        }
        let work = [
            Task { await daemon.restore() }, Task { await daemon.watch() }, Task { await daemon.report() },
        ]
        for await wish in signals.wishes {
            guard wish == .reload else { break }
            await daemon.reload()
        }
        for task in work { task.cancel() }
        await daemon.stop()
        return 0
    }
}

extension [MetricDescription] {
    /// Every metric that there is in `GET /metrics`.
    static let swarmd: [MetricDescription] =
        MetricDescription.engine + MetricDescription.store + MetricDescription.control
}

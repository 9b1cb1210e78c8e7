import Logging
import NodeControl
import NodeSupport
import SwarmdSupport
import TorrentEngine

#if canImport(Glibc)
    import Glibc
#endif

/// Where `swarmd`'s log goes: standard error, a line each, in a format and from a level that can change while it runs.
final class DaemonLog: Sendable {
    private struct State {
        var level = Logger.Level.info
        var format = SwarmdOptions.LogFormat.human
        var redacts = true
    }

    /// The last lines, for whoever asks the node: without what redaction takes out, whatever the log itself has.
    let ring = LogRing()
    private let state = Locked(State())

    var level: Logger.Level { state.withLock { $0.level } }

    func use(_ options: SwarmdOptions) {
        state.withLock { state in
            state.level = options.logLevel
            state.format = options.logFormat
            state.redacts = options.redactsLog
        }
    }

    func logger(_ label: String) -> Logger { Logger(label: label) { DaemonLogHandler(log: self, label: $0) } }

    /// - Parameter isWhole: Whether nothing is redacted here: why a node does not start is told to whoever starts it, with
    ///   the address that is wrong or taken.
    func write(
        _ level: Logger.Level, _ label: String, _ message: String, _ metadata: Logger.Metadata = [:],
        isWhole: Bool = false
    ) {
        let (format, redacts) = state.withLock { ($0.format, $0.redacts) }
        let time = NodeClock.system.now
        let redacted = LogLine(level, label, message, metadata, time: time, isRedacted: true)
        ring.add(level: level.rawValue, label: label, message: redacted.text)
        let line =
            redacts && !isWhole
            ? redacted : LogLine(level, label, message, metadata, time: time, isRedacted: false)
        let text =
            switch format {
            case .human: line.human
            case .json: line.json
            }
        // One call: lines of several threads are not mixed. Where nobody takes it, nothing is to be done about it.
        let bytes = Array((text + "\n").utf8)
        _ = Glibc.write(STDERR_FILENO, bytes, bytes.count)
    }
}

/// A logger's way to a ``DaemonLog``.
private struct DaemonLogHandler: LogHandler {
    let log: DaemonLog
    let label: String
    var metadata: Logger.Metadata = [:]

    init(log: DaemonLog, label: String) { (self.log, self.label) = (log, label) }

    var logLevel: Logger.Level {
        get { log.level }
        set { _ = newValue }  // the log's own, for all of its loggers
    }

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    func log(event: LogEvent) { log.write(event.level, label, "\(event.message)", metadata.with(event)) }
}

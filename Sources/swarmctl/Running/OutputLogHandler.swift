import Logging
import SwarmdSupport

/// Sends log lines where the notes go, so that they do not cut through a progress bar.
struct OutputLogHandler: LogHandler {
    let output: Output
    var logLevel: Logger.Level
    var metadata: Logger.Metadata = [:]

    init(output: Output, logLevel: Logger.Level) {
        self.output = output
        self.logLevel = logLevel
    }

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    func log(event: LogEvent) { output.note(line(event)) }

    func line(_ event: LogEvent) -> String {
        "\(event.level): \(safe("\(event.message)\(metadata.with(event).words)"))"
    }
}

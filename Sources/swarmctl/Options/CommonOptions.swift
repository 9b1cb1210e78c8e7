import ArgumentParser
import Logging

/// What every command takes.
struct CommonOptions: ParsableArguments {
    @Flag(help: "Print one JSON object a line on standard output; text for people goes to standard error.")
    var json = false

    @Flag(
        name: .shortAndLong,
        help: "Say more on standard error. Twice: the engine's own notes too, which name addresses.")
    var verbose: Int

    var output: Output { Output(json: json) }

    /// For the engine's notes: warnings only, unless told.
    var logger: Logger {
        let output = output
        let level: Logger.Level =
            switch verbose {
            case ...0: .warning
            case 1: .info
            default: .debug
            }
        return Logger(label: "engine") { _ in OutputLogHandler(output: output, logLevel: level) }
    }
}

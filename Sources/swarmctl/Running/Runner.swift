import ArgumentParser
import TorrentEngine

#if canImport(Glibc)
    import Glibc
#endif

/// Parses the command line, runs the command, and makes an exit status and a last line of whatever becomes of it.
struct Runner: Sendable {
    let arguments: [String]
    let signals: Signals?

    /// What the running command has at hand.
    @TaskLocal static var signals: Signals?

    func run() async -> ExitStatus {
        await Runner.$signals.withValue(signals) {
            do {
                var command = try await Swarmctl.asyncParseAsRoot(arguments)
                if (command as? any EndsWhenInterrupted)?.endsWhenInterrupted == true {
                    signals?.interruptIsNormalEnd()
                }
                if var command = command as? any AsyncParsableCommand {
                    try await command.run()
                } else {
                    try command.run()
                }
                return Output.writeFailure ?? .success
            } catch let verdict as Verdict {
                return Output.writeFailure ?? verdict.status
            } catch {
                return report(error)
            }
        }
    }

    /// Ends the process.
    func end(with status: ExitStatus) -> Never { exit(status.code) }

    private var wantsJSON: Bool { arguments.prefix { $0 != "--" }.contains("--json") }

    private func report(_ error: any Error) -> ExitStatus {
        let output = Output(json: wantsJSON)
        if let failure = Failure(of: error) {
            if failure.isCancellation, let signals, let number = signals.received {
                let status = signals.statusOfEnd(number)
                if status == .success { return status }
                if number != SIGHUP {
                    output.note("interrupted")
                    return status
                }
                return output.fail(
                    Failure("interrupted", status, "the terminal hung up"))
            }
            return output.fail(failure)
        }
        // The parser's own: help, the version, or a mistake in the arguments.
        guard Swarmctl.exitCode(for: error) != .success else {
            if wantsJSON && arguments.contains("--version") {
                output.emit(VersionReport.current)
            } else {
                output.print(Swarmctl.fullMessage(for: error))
            }
            return Output.writeFailure ?? .success
        }
        let failure = Self.failure(ofUnknown: error, in: named(error))
        guard failure.status == .usage, !wantsJSON else { return output.fail(failure) }
        output.note(Swarmctl.fullMessage(for: error))
        return failure.status
    }

    /// What an error is that is none of ours: a mistake in the arguments where the parser says so, else nobody foresaw it.
    static func failure(ofUnknown error: any Error, in command: String) -> Failure {
        let message = Swarmctl.message(for: error)
        guard Swarmctl.exitCode(for: error) == .validationFailure else {
            return Failure(
                "internalFailure", .software, message.isEmpty ? "\(error)" : message,
                remedy: "this is a fault of swarmctl's own: report it, with what it was told to do")
        }
        return .usage(message, remedy: "see swarmctl \(command) --help")
    }

    /// The command that was meant, for the hint.
    private func named(_ error: any Error) -> String {
        let names = Swarmctl.commands.map { $0._commandName }
        return arguments.first.flatMap { names.contains($0) ? $0 : nil } ?? "COMMAND"
    }
}

/// A command for which an interrupt is the normal end: exit 0.
protocol EndsWhenInterrupted {
    /// Whether it is with the arguments that it was given.
    var endsWhenInterrupted: Bool { get }
}

extension EndsWhenInterrupted {
    var endsWhenInterrupted: Bool { true }
}

/// The end of a command that has said everything, and whose exit status says what it found.
struct Verdict: Error {
    let status: ExitStatus
}

import ArgumentParser
import NodeControl
import NodeInterface
import SwarmdSupport
import TorrentEngine

/// `swarmctl config`
struct ConfigCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "config", abstract: "Check a node's configuration, and show what counts in it.",
        subcommands: [Check.self, Show.self])

    /// `swarmctl config check`
    struct Check: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Say everything that is wrong with a configuration file.",
            discussion: "Exit code 78 where anything is, a key that nothing reads too. Nothing is contacted.")

        @Argument(
            help: "The file that swarmd is to be given: .yaml, .yml or .json.",
            completion: .file(extensions: ["yaml", "yml", "json"]))
        var file: String

        @OptionGroup var common: CommonOptions

        func run() async throws {
            let report = try await ConfigCommand.read(file)
            let output = common.output
            output.emit(ConfigEvent(report: report))
            for problem in report.problems { output.print("wrong    \(safe(problem))") }
            for warning in report.warnings { output.print("not read \(safe(warning))") }
            let count = report.problems.count + report.warnings.count
            guard count == 0 else {
                throw Failure(
                    "configuration", .configuration, "\(file) has \(Units.count(count, "mistake"))")
            }
            output.print("\(safe(file)): nothing is wrong")
        }
    }

    /// `swarmctl config show`
    struct Show: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Show what counts for every key, and where it came from.",
            discussion: """
                Of a file: what a node would run with that is started here and now, in this environment. Without one: \
                what the running node runs with, and what its file says otherwise by now.
                """)

        @Argument(
            help: "The file: .yaml, .yml or .json; none asks the running node.",
            completion: .file(extensions: ["yaml", "yml", "json"]))
        var file: String?

        @OptionGroup var node: NodeOptions
        @OptionGroup var common: CommonOptions

        func validate() throws {
            if file != nil, node.socket != nil {
                throw ValidationError("Give a file or --socket, not both.")
            }
        }

        func run() async throws {
            let report =
                if let file { try await ConfigCommand.read(file) } else {
                    try await node.client.settings()
                }
            let output = common.output
            output.emit(ConfigEvent(report: report))
            for line in List.aligned([["KEY", "FROM", "VALUE"]] + report.settings.map(ConfigCommand.row)) {
                output.print(line)
            }
            for setting in report.settings where setting.isChanged {
                let value = setting.isSecret ? "another value" : safe(setting.changedValue ?? "nothing")
                let moment =
                    setting.isLive ? "when the file is read again (SIGHUP)" : "from the next start on"
                output.warn("\(safe(setting.key)) is now \(value), which counts \(moment)")
            }
            for problem in report.problems { output.warn("wrong: \(safe(problem))") }
            for warning in report.warnings { output.warn(safe(warning)) }
        }
    }

    static func read(_ file: String) async throws -> SettingsReport {
        let result = try await blocking("read \(file)") {
            Result { () throws(BackendError) in try SwarmdSettings(path: file).report }
        }
        do throws(BackendError) { return try result.get() } catch {
            throw Failure("configuration", .configuration, "\(error)", remedy: error.remedy)
        }
    }

    private static func row(_ setting: SettingsReport.Setting) -> [String] {
        let from =
            switch setting.source {
            case .default: "default"
            case .environment: setting.place ?? "environment"
            case .file: setting.line.map { "line \($0)" } ?? "file"
            }
        let value = setting.isSecret && setting.source != .default ? "(not shown)" : setting.value ?? "-"
        return [safe(setting.key), safe(from), safe(value)]
    }
}

/// What counts for every key.
struct ConfigEvent: OutputEvent {
    static let event = EventName.config
    let report: SettingsReport

    func encode(to encoder: any Encoder) throws { try report.encode(to: encoder) }
}

import ArgumentParser
import NodeControl

/// `swarmctl doctor`
struct Doctor: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Look for what is wrong with a node, and say what to do about it.",
        discussion: """
            Asks the running node, and looks at its socket. Where none runs, it says so, and looks at what can be \
            seen without it: with --config, at the node's file and at its state directory too.

            Exit codes: 0 all is well; 1 warnings; 2 errors. Docs/Doctor.md has every check.
            """)

    @Option(
        help: ArgumentHelp(
            "The file that swarmd is given: it is checked too, and that no node runs is then a warning only.",
            valueName: "file"),
        completion: .file(extensions: ["yaml", "yml", "json"]))
    var config: String?

    @OptionGroup var node: NodeOptions
    @OptionGroup var common: CommonOptions

    func run() async throws {
        let checks = try await DoctorChecks(client: node.client, config: config).run()
        let worst = checks.map(\.severity).max { $0.rank < $1.rank } ?? .ok
        let output = common.output
        output.emit(DoctorEvent(checks: checks, worst: worst))
        for check in checks {
            output.print(
                "\(check.severity.sign)  \(Self.padded(safe(check.name)))  \(safe(check.seen))")
            if let remedy = check.remedy {
                output.print("\(Self.padded("", 25))\(safe(remedy))")
            }
        }
        switch worst {
        case .ok: return
        case .warning: throw Verdict(status: .warnings)
        case .error: throw Verdict(status: .troubles)
        }
    }

    private static func padded(_ text: String, _ width: Int = 16) -> String {
        text + String(repeating: " ", count: max(0, width - text.count))
    }
}

extension NodeCheck.Severity {
    fileprivate var rank: Int {
        switch self {
        case .ok: 0
        case .warning: 1
        case .error: 2
        }
    }

    /// Words of one width.
    fileprivate var sign: String {
        switch self {
        case .ok: "ok     "
        case .warning: "warning"
        case .error: "ERROR  "
        }
    }
}

/// What was looked at, and how bad the worst of it is.
struct DoctorEvent: OutputEvent {
    static let event = EventName.doctor
    let checks: [NodeCheck]
    let worst: NodeCheck.Severity
}

/// A key of `swarmd`'s own section of its file. What is not here is not known: a new one begins here.
package enum SwarmdKey: String, CaseIterable, Sendable {
    case listen = "Listen"
    case stateDirectory = "StateDirectory"
    case controlSocket = "ControlSocket"
    case browserListen = "Control:Listen"
    case tokenFile = "Control:TokenFile"
    case budgetBytes = "BudgetBytes"
    case freeSpaceFloor = "FreeSpaceFloorBytes"
    case logLevel = "Log:Level"
    case logFormat = "Log:Format"
    case redactsLog = "Log:Redact"

    /// The section.
    package static let section = "Swarmd"

    /// The words of the key, section and all.
    package var path: [String] { [Self.section] + rawValue.split(separator: ":").map(String.init) }

    /// The whole key: `Swarmd:Log:Level`.
    package var full: String { path.joined(separator: ":") }

    /// Whether a change counts at once when the file is read again, and not from the next start on.
    package var isLive: Bool {
        switch self {
        case .logLevel, .logFormat, .redactsLog: true
        case .listen, .stateDirectory, .controlSocket, .browserListen, .tokenFile, .budgetBytes,
            .freeSpaceFloor:
            false
        }
    }

    /// The words that may stand below a section, which a path names: of `["Swarmd"]`, `Listen`, `Log` …
    static func words(below path: [String]) -> Set<String> {
        Set(
            allCases.filter { $0.path.count > path.count && Array($0.path.prefix(path.count)) == path }
                .map { $0.path[path.count] })
    }
}

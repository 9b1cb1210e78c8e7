import Configuration
import Logging
import NodeConfiguration
import NodeControl
import NodeInterface
import TorrentEngine

/// Reads `swarmd`'s own keys out of its file, and says everything that is wrong with them at once.
struct SwarmdOptionsReader {
    private static let section = "Swarmd"
    private static let keys: Set = [
        "Listen", "StateDirectory", "ControlSocket", "Control", "BudgetBytes", "FreeSpaceFloorBytes", "Log",
    ]
    private static let controlKeys: Set = ["Listen", "TokenFile"]
    private static let logKeys: Set = ["Level", "Format", "Redact"]

    private let path: String
    private let snapshot: NodeFileSnapshot
    private var problems: [String] = []

    /// Blocks while the file is read.
    ///
    /// - Throws: `.invalidOptions` for a file that is not there, cannot be read or is no JSON or YAML.
    init(path: String) throws(BackendError) {
        self.path = path
        guard let format = NodeFileSnapshot.Format(path: path) else {
            throw BackendError(
                .invalidOptions, "read \(path)", reason: "it is neither JSON nor YAML by its name",
                remedy: "name it .json, .yaml or .yml")
        }
        do {
            let bytes = try readSmallFile(path, limit: 1 << 20, operation: "read \(path)")
            snapshot = try NodeFileSnapshot(
                data: bytes.span.bytes, providerName: path, parsingOptions: .init(format: format))
        } catch {
            throw BackendError(.invalidOptions, "read \(path)", reason: "\(error)")
        }
    }

    /// - Throws: `.invalidOptions` with everything that is wrong.
    mutating func read() throws(BackendError) -> SwarmdOptions {
        var options = SwarmdOptions()
        unknown([Self.section], Self.keys)
        unknown([Self.section, "Control"], Self.controlKeys)
        unknown([Self.section, "Log"], Self.logKeys)
        options.listen = (list("Listen") ?? []).compactMap { text in
            parsed("Listen") { () throws(EngineError) in try ListenAddress(parsing: text) }
        }
        if options.listen.isEmpty, problems.isEmpty {
            problems.append("Swarmd:Listen is missing: name one address with its port, such as 10.0.0.1:6881")
        }
        options.stateDirectory = path("StateDirectory") ?? ""
        if options.stateDirectory.isEmpty { problems.append("Swarmd:StateDirectory is missing") }
        options.controlSocket = path("ControlSocket") ?? options.controlSocket
        options.loopback = loopback()
        options.budgetBytes = number("BudgetBytes")
        options.freeSpaceFloor = number("FreeSpaceFloorBytes") ?? 0
        options.logLevel = word("Log:Level", Logger.Level.self) ?? options.logLevel
        options.logFormat = word("Log:Format", SwarmdOptions.LogFormat.self) ?? options.logFormat
        options.redactsLog = word("Log:Redact", Switch.self).map { $0 == .true } ?? options.redactsLog
        guard problems.isEmpty else {
            throw BackendError(.invalidOptions, "use \(path)", reason: problems.joined(separator: "; "))
        }
        return options
    }

    private enum Switch: String, CaseIterable { case `true`, `false` }

    private mutating func loopback() -> LoopbackOptions? {
        let tokenFile = path("Control:TokenFile")
        guard let text = text("Control:Listen") else {
            if tokenFile != nil { problems.append("Swarmd:Control:TokenFile has no use without Listen") }
            return nil
        }
        return parsed("Control:Listen") { () throws(EngineError) in
            try LoopbackOptions(parsing: text, tokenFile: tokenFile)
        }
    }

    private mutating func unknown(_ section: [String], _ known: Set<String>) {
        for key in snapshot.keys(below: section) where !known.contains(key) {
            problems.append(
                "\((section + [key]).joined(separator: ":")) is not known: there are "
                    + known.sorted().joined(separator: ", "))
        }
    }

    private mutating func path(_ key: String) -> String? {
        guard let text = text(key) else { return nil }
        if !text.hasPrefix("/") { problems.append("Swarmd:\(key) is to be an absolute path") }
        return text
    }

    private mutating func number(_ key: String) -> UInt64? {
        guard let text = text(key) else { return nil }
        if let number = UInt64(text) { return number }
        problems.append("Swarmd:\(key) is to be a number of bytes")
        return nil
    }

    private mutating func word<Word: RawRepresentable & CaseIterable>(
        _ key: String, _ type: Word.Type
    ) -> Word? where Word.RawValue == String {
        guard let text = text(key) else { return nil }
        if let word = Word(rawValue: text) { return word }
        problems.append(
            "Swarmd:\(key) is one of " + Word.allCases.map(\.rawValue).joined(separator: ", "))
        return nil
    }

    private mutating func parsed<Value>(
        _ key: String, _ parse: () throws(EngineError) -> Value
    ) -> Value? {
        do throws(EngineError) { return try parse() } catch {
            problems.append("Swarmd:\(key): \(error)")
            return nil
        }
    }

    private mutating func text(_ key: String) -> String? {
        guard case .string(let text)? = content(key, .string) else { return nil }
        return text
    }

    private mutating func list(_ key: String) -> [String]? {
        guard case .stringArray(let list)? = content(key, .stringArray) else { return nil }
        return list
    }

    private mutating func content(_ key: String, _ type: ConfigType) -> ConfigContent? {
        let words = [Self.section] + key.split(separator: ":").map(String.init)
        do {
            return try snapshot.value(forKey: AbsoluteConfigKey(words), type: type).value?.content
        } catch {
            problems.append("Swarmd:\(key): \(error)")
            return nil
        }
    }
}

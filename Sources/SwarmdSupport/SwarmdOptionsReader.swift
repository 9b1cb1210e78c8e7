import Configuration
import Logging
import NodeConfiguration
import NodeControl
import TorrentEngine

/// Reads `swarmd`'s own keys out of its file, and says everything that is wrong with them at once.
struct SwarmdOptionsReader {
    private let snapshot: NodeFileSnapshot
    /// What is wrong, after ``read()``.
    private(set) var problems: [String] = []

    init(_ snapshot: NodeFileSnapshot) { self.snapshot = snapshot }

    /// What could be read; whether that will do is in ``problems``.
    mutating func read() -> SwarmdOptions {
        var options = SwarmdOptions()
        unknown(below: [SwarmdKey.section])
        options.listen = listen()
        options.stateDirectory = path(.stateDirectory, isNeeded: true) ?? ""
        options.controlSocket = path(.controlSocket) ?? options.controlSocket
        options.loopback = loopback()
        options.budgetBytes = number(.budgetBytes)
        options.freeSpaceFloor = number(.freeSpaceFloor) ?? 0
        options.logLevel = word(.logLevel, Logger.Level.self) ?? options.logLevel
        options.logFormat = word(.logFormat, SwarmdOptions.LogFormat.self) ?? options.logFormat
        options.redactsLog = word(.redactsLog, Switch.self).map { $0 == .true } ?? options.redactsLog
        return options
    }

    private enum Switch: String, CaseIterable { case `true`, `false` }

    private mutating func loopback() -> LoopbackOptions? {
        let tokenFile = path(.tokenFile)
        guard let text = text(.browserListen) else {
            if tokenFile != nil { problems.append("\(SwarmdKey.tokenFile.full) has no use without Listen") }
            return nil
        }
        return parsed(.browserListen) { () throws(EngineError) in
            try LoopbackOptions(parsing: text, tokenFile: tokenFile)
        }
    }

    private mutating func unknown(below section: [String]) {
        let known = SwarmdKey.words(below: section)
        for key in snapshot.keys(below: section) {
            let path = section + [key]
            if !known.contains(key) {
                problems.append(
                    "\(path.joined(separator: ":")) is not known: there are "
                        + known.sorted().joined(separator: ", "))
            } else if !SwarmdKey.words(below: path).isEmpty {
                unknown(below: path)
            }
        }
    }

    private mutating func listen() -> [ListenAddress] {
        let before = problems.count
        let found = (list(.listen) ?? []).compactMap { text in
            parsed(.listen) { () throws(EngineError) in try ListenAddress(parsing: text) }
        }
        if found.isEmpty, problems.count == before {
            problems.append(
                "\(SwarmdKey.listen.full) is missing: name one address with its port, such as 10.0.0.1:6881")
        }
        return found
    }

    private mutating func path(_ key: SwarmdKey, isNeeded: Bool = false) -> String? {
        let before = problems.count
        guard let text = text(key) else {
            if isNeeded, problems.count == before { problems.append("\(key.full) is missing") }
            return nil
        }
        if !text.hasPrefix("/") { problems.append("\(key.full) is to be an absolute path") }
        return text
    }

    private mutating func number(_ key: SwarmdKey) -> UInt64? {
        guard let text = text(key) else { return nil }
        if let number = UInt64(text) { return number }
        problems.append("\(key.full) is to be a number of bytes")
        return nil
    }

    private mutating func word<Word: RawRepresentable & CaseIterable>(
        _ key: SwarmdKey, _ type: Word.Type
    ) -> Word? where Word.RawValue == String {
        guard let text = text(key) else { return nil }
        if let word = Word(rawValue: text) { return word }
        problems.append(
            "\(key.full) is one of " + Word.allCases.map(\.rawValue).joined(separator: ", "))
        return nil
    }

    private mutating func parsed<Value>(
        _ key: SwarmdKey, _ parse: () throws(EngineError) -> Value
    ) -> Value? {
        do throws(EngineError) { return try parse() } catch {
            problems.append("\(key.full): \(error)")
            return nil
        }
    }

    private mutating func text(_ key: SwarmdKey) -> String? {
        guard case .string(let text)? = content(key, .string) else { return nil }
        return text
    }

    private mutating func list(_ key: SwarmdKey) -> [String]? {
        guard case .stringArray(let list)? = content(key, .stringArray) else { return nil }
        return list
    }

    private mutating func content(_ key: SwarmdKey, _ type: ConfigType) -> ConfigContent? {
        do {
            return try snapshot.value(forKey: AbsoluteConfigKey(key.path), type: type).value?.content
        } catch {
            problems.append("\(error)")
            return nil
        }
    }
}

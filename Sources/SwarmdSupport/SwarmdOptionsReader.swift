import Configuration
import Logging
import NodeConfiguration
import NodeControl
import TorrentEngine

/// Reads `swarmd`'s own keys out of its file, and says everything that is wrong with them at once.
struct SwarmdOptionsReader {
    private let file: NodeFile
    private var snapshot: NodeFileSnapshot { file.file }
    /// What is wrong, after ``read()``.
    private(set) var problems: [String] = []

    init(_ file: NodeFile) { self.file = file }

    /// What could be read; whether that will do is in ``problems``.
    mutating func read() -> SwarmdOptions {
        var options = SwarmdOptions()
        unknown(below: [SwarmdKey.section])
        options.listen = listen()
        options.stateDirectory = path(.stateDirectory, isNeeded: true) ?? ""
        options.controlSocket = socket() ?? options.controlSocket
        options.loopback = loopback()
        options.budgetBytes = number(.budgetBytes)
        options.freeSpaceFloor = number(.freeSpaceFloor) ?? 0
        options.logLevel = word(.logLevel, Logger.Level.self) ?? options.logLevel
        options.logFormat = word(.logFormat, SwarmdOptions.LogFormat.self) ?? options.logFormat
        options.redactsLog = word(.redactsLog, Switch.self).map { $0 == .true } ?? options.redactsLog
        return options
    }

    private enum Switch: String, CaseIterable { case `true`, `false` }

    private mutating func add(_ path: [String], _ problem: String) {
        problems.append("\(place(path))\(path.joined(separator: ":")) \(problem)")
    }

    private func place(_ path: [String]) -> String { file.line(of: path).map { "line \($0): " } ?? "" }

    private mutating func loopback() -> LoopbackOptions? {
        let before = problems.count
        let tokenFile = path(.tokenFile)
        guard let text = text(.browserListen) else {
            if tokenFile != nil, problems.count == before {
                add(SwarmdKey.tokenFile.path, "has no use without \(SwarmdKey.browserListen.full)")
            }
            return nil
        }
        return parsed(.browserListen) { () throws(EngineError) in
            try LoopbackOptions(parsing: text, tokenFile: tokenFile)
        }
    }

    private mutating func unknown(below section: [String]) {
        if let found = snapshot.notASection(at: section) {
            add(
                section,
                "is \(found), and not a section: put its keys below it, "
                    + SwarmdKey.words(below: section).sorted().joined(separator: ", "))
        }
        let known = SwarmdKey.words(below: section)
        for key in snapshot.keys(below: section) {
            let path = section + [key]
            if !known.contains(key) {
                add(path, "is not known: there are " + known.sorted().joined(separator: ", "))
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
            add(
                SwarmdKey.listen.path,
                "is missing: name one address or interface with its port, such as [10.0.0.1:6881]")
        }
        return found
    }

    private mutating func path(_ key: SwarmdKey, isNeeded: Bool = false) -> String? {
        let before = problems.count
        guard let text = text(key) else {
            if isNeeded, problems.count == before {
                add(key.path, "is missing: name a folder by an absolute path")
            }
            return nil
        }
        if !text.hasPrefix("/") { add(key.path, "is \"\(text)\", and not an absolute path") }
        return text
    }

    private mutating func socket() -> String? {
        guard let text = path(.controlSocket) else { return nil }
        if text.utf8.count > ControlSocketPath.maximumBytes {
            add(
                SwarmdKey.controlSocket.path,
                "has \(text.utf8.count) bytes: a socket's path has at most \(ControlSocketPath.maximumBytes)")
        }
        return text
    }

    private mutating func number(_ key: SwarmdKey) -> UInt64? {
        guard let text = text(key) else { return nil }
        if let number = UInt64(text) { return number }
        add(key.path, "is \"\(text)\", and not a whole number of bytes up to \(UInt64.max)")
        return nil
    }

    private mutating func word<Word: RawRepresentable & CaseIterable>(
        _ key: SwarmdKey, _ type: Word.Type
    ) -> Word? where Word.RawValue == String {
        guard let text = text(key) else { return nil }
        if let word = Word(rawValue: text) { return word }
        add(key.path, "is \"\(text)\", and none of " + Word.allCases.map(\.rawValue).joined(separator: ", "))
        return nil
    }

    private mutating func parsed<Value>(
        _ key: SwarmdKey, _ parse: () throws(EngineError) -> Value
    ) -> Value? {
        do throws(EngineError) { return try parse() } catch {
            add(key.path, "is wrong: \(error)")
            return nil
        }
    }

    private mutating func text(_ key: SwarmdKey) -> String? {
        if snapshot.isSection(at: key.path) {
            add(key.path, "is a section, and not a text")
            return nil
        }
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
            problems.append("\(place(key.path))\(error)")
            return nil
        }
    }
}

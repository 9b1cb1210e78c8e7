import NodeInterface
import TorrentEngine

#if canImport(Glibc)
    import Glibc
#endif

/// The folder that a plan's file goes to, and the private folders of its attempts in it.
struct ResolutionFolder: Sendable {
    private let path: String

    static func open(_ folder: String) async throws(BackendError) -> ResolutionFolder {
        try await translatingErrors { () throws(EngineError) in
            try await blocking("use \(quoted(folder))") { () throws(EngineError) in
                ResolutionFolder(path: try Destination.resolveFolder(folder))
            }
        }
    }

    /// Makes a private folder for one attempt.
    func makeAttempt() async throws(BackendError) -> String {
        let attempt = "\(path)/.resolve-\(Signal.randomID())"
        try await translatingErrors { () throws(EngineError) in
            try await blocking("make \(attempt)") { () throws(EngineError) in
                try FileSystem.makeFolder(attempt, mode: 0o700, operation: "make \(attempt)")
            }
        }
        return attempt
    }

    /// Removes an attempt's folder with everything in it.
    func removeAttempt(_ attempt: String) async {
        try? await blocking("remove \(attempt)") { () throws(EngineError) in FileSystem.removeTree(attempt) }
    }

    /// Moves a file of an attempt into the folder, and replaces nothing there.
    func take(_ file: String) async throws(BackendError) -> String {
        let path = path
        return try await translatingErrors { () throws(EngineError) in
            try await blocking("take \(quoted(file))") { () throws(EngineError) in
                let name = PlainName.of(file.split(separator: "/").last.map(String.init) ?? "")
                for number in 0..<1000 {
                    let target = "\(path)/\(number == 0 ? name : PlainName.numbered(name, number))"
                    if try FileSystem.moveExclusively(file, to: target, operation: "take \(quoted(file))") {
                        try FileSystem.synchronise(path, "take \(file)")
                        return target
                    }
                }
                throw EngineError(
                    .fileExists, "take \(quoted(file))",
                    reason: "every name for it is taken in \(quoted(path))",
                    remedy: "move what stands there away", path: path)
            }
        }
    }

    /// Removes a file that was taken and is not needed.
    func discard(_ file: ResolvedFile) async {
        try? await blocking("remove \(quoted(file.path))") { () throws(EngineError) in _ = unlink(file.path) }
    }
}

/// Names for files, from texts that may be anything.
enum PlainName {
    /// The text as one path component of at most 200 bytes: what could be taken for something else is replaced.
    static func of(_ text: String) -> String {
        var out = ""
        for scalar in text.unicodeScalars {
            switch scalar.properties.generalCategory {
            case .control, .format, .lineSeparator, .paragraphSeparator, .surrogate: continue
            default: break
            }
            let next = scalar == "/" || scalar == "\\" ? "_" : String(scalar)
            guard out.utf8.count + next.utf8.count <= 200 else { break }
            out += next
        }
        let isHidden = out.hasPrefix(".")
        let isBlank = out.allSatisfy { $0 == "." || $0 == " " }
        return isBlank ? "content" : isHidden ? "_" + out.dropFirst() : out
    }

    /// `album.flac` as `album (2).flac`.
    static func numbered(_ name: String, _ number: Int) -> String {
        guard let dot = name.lastIndex(of: "."), dot != name.startIndex else {
            return "\(name) (\(number + 1))"
        }
        return "\(name[..<dot]) (\(number + 1))\(name[dot...])"
    }
}

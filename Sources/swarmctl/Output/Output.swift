import TorrentEngine

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif
#if canImport(Glibc)
    import Glibc
#endif

/// Where a command's words go.
///
/// With `--json`: one object a line on standard output, everything for people on standard error. Without: results
/// on standard output, all else on standard error. Each line is one `write`, so nothing waits in a buffer.
struct Output: Sendable {
    private struct State {
        /// What stands on the terminal's last line, to be wiped before anything else is written.
        var hasBar = false
        var writeErrno: Int32 = 0
    }

    private static let state = Locked(State())

    /// Whether results are JSON.
    let isJSON: Bool
    /// Whether notes go to a terminal, where a line can be drawn over.
    let isTerminal: Bool
    private let usesColour: Bool

    init(json: Bool) {
        isJSON = json
        isTerminal = isatty(STDERR_FILENO) == 1 && Self.variable("TERM") != "dumb"
        usesColour = isTerminal && (Self.variable("NO_COLOR") ?? "").isEmpty
    }

    /// 74 where standard output could not be written, for another reason than a reader who had enough.
    static var writeFailure: ExitStatus? {
        let code = state.withLock { $0.writeErrno }
        guard code != 0 && code != EPIPE else { return nil }
        Output(json: false).note("cannot write to standard output: \(String(cString: strerror(code)))")
        return .disk
    }

    /// Writes an event; nothing without `--json`.
    func emit(_ event: some OutputEvent) {
        guard isJSON, let line = Self.line(event) else { return }
        Self.write(line + "\n", to: STDOUT_FILENO)
    }

    /// Writes a result for people; nothing with `--json`.
    func print(_ text: String) {
        guard !isJSON else { return }
        Self.write(text + "\n", to: STDOUT_FILENO)
    }

    /// Writes results for people, on a terminal over the lines that stand above; nothing with `--json`.
    ///
    /// - Parameter count: How many lines were written last; 0 at the first time.
    func redraw(_ lines: [String], over count: Int) {
        guard !isJSON else { return }
        let up = count > 0 && isatty(STDOUT_FILENO) == 1 ? "\u{1b}[\(count)A\u{1b}[J" : ""
        Self.write(up + lines.map { $0 + "\n" }.joined(), to: STDOUT_FILENO)
    }

    /// Whether standard output takes what is written. Who writes until it is interrupted looks.
    var canWrite: Bool { Self.state.withLock { $0.writeErrno == 0 } }

    /// Writes a line for people to standard error.
    func note(_ text: String) { Self.write(text + "\n", to: STDERR_FILENO) }

    /// Writes a line that needs attention to standard error.
    func warn(_ text: String) { note(coloured("warning:", 33) + " " + text) }

    /// Draws over the terminal's last line; nothing where there is no terminal.
    func bar(_ text: String) {
        guard isTerminal, !isJSON else { return }
        Self.state.withLock { state in
            state.hasBar = true
            Self.writeAll("\r" + text + "\u{1b}[K", to: STDERR_FILENO)
        }
    }

    /// Writes the failure, as the last line.
    func fail(_ failure: Failure) -> ExitStatus {
        let message = safe(failure.message)
        note(coloured("error:", 31) + " " + message + (failure.remedy.map { "\n  \(safe($0))" } ?? ""))
        emit(ErrorEvent(failure))
        return failure.status
    }

    /// One line of JSON, without its end.
    static func line(_ event: some OutputEvent) -> String? {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        guard let data = try? encoder.encode(OutputLine(event: event)) else { return nil }
        return escapedJSON(String(decoding: data, as: UTF8.self))
    }

    private func coloured(_ text: String, _ colour: Int) -> String {
        usesColour ? "\u{1b}[1;\(colour)m\(text)\u{1b}[0m" : text
    }

    private static func variable(_ name: String) -> String? { getenv(name).map { String(cString: $0) } }

    private static func write(_ text: String, to descriptor: Int32) {
        state.withLock { state in
            if state.hasBar {
                writeAll("\r\u{1b}[K", to: STDERR_FILENO)
                state.hasBar = false
            }
            let code = writeAll(text, to: descriptor)
            if descriptor == STDOUT_FILENO && state.writeErrno == 0 { state.writeErrno = code }
        }
    }

    @discardableResult
    private static func writeAll(_ text: String, to descriptor: Int32) -> Int32 {
        var bytes = Array(text.utf8)[...]
        while !bytes.isEmpty {
            let count = bytes.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
            if count < 0 {
                if errno == EINTR { continue }
                return errno
            }
            bytes = bytes.dropFirst(count)
        }
        return 0
    }
}

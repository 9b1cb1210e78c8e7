import TorrentEngine

#if canImport(Glibc)
    import Glibc
#endif

/// The whole terminal, drawn again and again, and given back as it was.
///
/// While it is held, keys come one by one and are not shown. One at a time.
final class Screen: Sendable {
    private let before: termios

    /// Takes the terminal.
    ///
    /// - Throws: ``Failure`` where standard input and output are none.
    init() throws(Failure) {
        var before = termios()
        guard isatty(STDOUT_FILENO) == 1, tcgetattr(STDIN_FILENO, &before) == 0 else {
            throw .usage("this needs a terminal", remedy: "swarmctl status --watch --json goes without one")
        }
        self.before = before
        var raw = before
        raw.c_lflag &= ~tcflag_t(ICANON | ECHO)
        tcsetattr(STDIN_FILENO, TCSANOW, &raw)
        // The other screen, without a cursor: what stood there comes back at the end.
        Self.write("\u{1b}[?1049h\u{1b}[?25l")
    }

    /// Gives the terminal back.
    func end() {
        Self.write("\u{1b}[?25h\u{1b}[?1049l")
        var before = before
        tcsetattr(STDIN_FILENO, TCSANOW, &before)
    }

    /// Waits for a key, as its byte; nil where none is pressed in that time.
    ///
    /// - Throws: `.cancelled` within a fifth of a second.
    func key(within time: Duration) async throws -> UInt8? {
        let end = ContinuousClock.now + time
        repeat {
            try Task.checkCancellation()
            let byte = try await blocking("read a key") { () throws(EngineError) -> UInt8? in
                var wait = pollfd(fd: STDIN_FILENO, events: Int16(POLLIN), revents: 0)
                var byte: UInt8 = 0
                guard poll(&wait, 1, 200) == 1, read(STDIN_FILENO, &byte, 1) == 1 else { return nil }
                return byte
            }
            if let byte { return byte }
        } while ContinuousClock.now < end
        return nil
    }

    /// Columns and rows; 80 and 24 where the terminal does not say.
    var size: (columns: Int, rows: Int) {
        var size = winsize()
        guard ioctl(STDOUT_FILENO, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0, size.ws_row > 0 else {
            return (80, 24)
        }
        return (Int(size.ws_col), Int(size.ws_row))
    }

    /// Shows lines, cut to the terminal's size.
    func draw(_ lines: [String]) {
        let (columns, rows) = size
        let shown = lines.prefix(rows).map { String($0.prefix(columns)) + "\u{1b}[K" }
        // In one write, from the top and over what stood there: it does not flicker.
        Self.write("\u{1b}[H" + shown.joined(separator: "\r\n") + "\u{1b}[J")
    }

    private static func write(_ text: String) {
        var bytes = Array(text.utf8)[...]
        while !bytes.isEmpty {
            let count = bytes.withUnsafeBytes { Glibc.write(STDOUT_FILENO, $0.baseAddress, $0.count) }
            guard count > 0 || errno == EINTR else { return }
            if count > 0 { bytes = bytes.dropFirst(count) }
        }
    }
}

import TorrentEngine

/// Takes out of a line of the log what says who shares what with whom: a log is read, kept and sent on by others.
enum Redaction {
    /// Of an info-hash the first 8 digits stay; in place of an address stands `<address>`, but for loopback and "any".
    static func redacted(_ text: String) -> String {
        var out = ""
        var run = ""
        func end() {
            out += replaced(run)
            run = ""
        }
        for character in text {
            if character.isHexDigit || character == "." || character == ":" {
                run.append(character)
            } else {
                end()
                out.append(character)
            }
        }
        end()
        return out
    }

    /// `run` has hexadecimal digits, dots and colons, and nothing else.
    private static func replaced(_ run: String) -> String {
        // The end of a sentence is no part of it.
        let end = run.lastIndex { $0 != "." && $0 != ":" }.map { run.index(after: $0) } ?? run.startIndex
        let (core, rest) = (run[..<end], run[end...])
        if core.count == 40, core.allSatisfy(\.isHexDigit) { return core.prefix(8) + "…" + rest }
        if let address = try? IPAddress(parsing: String(core)) {
            return isOurs(address) ? run : "<address>" + rest
        }
        // 10.0.0.1:6881
        guard let colon = core.lastIndex(of: ":"),
            let address = try? IPAddress(parsing: String(core[..<colon])), !isOurs(address)
        else { return run }
        return "<address>" + core[colon...] + rest
    }

    private static func isOurs(_ address: IPAddress) -> Bool {
        let text = "\(address)"
        return text.hasPrefix("127.") || text == "::1" || text == "0.0.0.0" || text == "::"
    }
}

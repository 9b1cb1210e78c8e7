import PrivateTorrent
import TorrentEngine

#if canImport(Glibc)
    import Glibc
#endif

/// What is read from standard input.
enum StandardInput {
    private static let limit = 1 << 16

    /// The invite: the first line that is not blank.
    static func invite() async throws -> String {
        let operation = "read the invite from standard input"
        let bytes = try await blocking(operation) { () throws(EngineError) in try read(operation) }
        let lines = String(decoding: bytes, as: UTF8.self).split(whereSeparator: \.isNewline)
        for line in lines {
            let text = line.drop(while: \.isWhitespace)
            guard let last = text.lastIndex(where: { !$0.isWhitespace }) else { continue }
            return String(text[...last])
        }
        throw EngineError(
            .malformed, operation, reason: "there is none",
            remedy: "pipe the line that swarmctl share printed into it")
    }

    /// What a user means by an invite, an info-hash or the path of a .torrent file; `-`: an invite that is read here.
    static func reference(_ text: String) async throws -> TorrentReference {
        let text = text == "-" ? try await invite() : text
        return try await blocking("read the reference") { () throws(EngineError) in
            try TorrentReference(parsing: text)
        }
    }

    /// To the end of the first line that says something, so that a terminal's user need not end the input.
    private static func read(_ operation: String) throws(EngineError) -> [UInt8] {
        var out: [UInt8] = []
        var byte: UInt8 = 0
        var hasText = false
        while out.count <= limit {
            let count = Glibc.read(STDIN_FILENO, &byte, 1)
            if count < 0 && errno == EINTR { continue }
            guard count >= 0 else { throw EngineError(operation, errno: errno, path: nil) }
            if count == 0 || (byte == UInt8(ascii: "\n") && hasText) { return out }
            out.append(byte)
            if byte > UInt8(ascii: " ") { hasText = true }
        }
        throw EngineError(.malformed, operation, reason: "the line is longer than \(limit) bytes")
    }
}

import NodeInterface
import TorrentEngine

/// What a candidate's `backendRef` names. Untrusted: of a magnet link only the info-hash counts.
enum CandidateReference: Sendable, Hashable {
    /// 40 hexadecimal or 32 base32 digits, or a magnet link with `urn:btih:`.
    case v1(InfoHash)
    /// 64 hexadecimal digits, or a magnet link with `urn:btmh:` alone (BEP 52): well-formed, and nothing that a
    /// private swarm of this engine carries.
    case v2

    /// Nil for what is not well-formed.
    init?(_ text: String) {
        if text.prefix(7).lowercased() == "magnet:" {
            do throws(EngineError) {
                self = .v1(try MagnetLink(parsing: text).infoHash)
            } catch {
                guard error.code == .refusedByPrivateMode else { return nil }
                self = .v2
            }
        } else if text.utf8.count == 64, text.utf8.allSatisfy(Self.isHex) {
            self = .v2
        } else if let infoHash = try? InfoHash(parsing: text) {
            self = .v1(infoHash)
        } else {
            return nil
        }
    }

    private static func isHex(_ digit: UInt8) -> Bool {
        switch digit {
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "a")...UInt8(ascii: "f"),
            UInt8(ascii: "A")...UInt8(ascii: "F"):
            true
        default: false
        }
    }
}

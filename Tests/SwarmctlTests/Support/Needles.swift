import Foundation
import TorrentEngine

@testable import swarmctl

/// What must not be in some bytes, in every form in which it may get there.
struct Needles {
    private(set) var all: [(kind: String, form: String, bytes: [UInt8])] = []

    private mutating func add(_ kind: String, _ form: String, _ bytes: [UInt8]) {
        // In one case: digits and hosts may come in either.
        all.append((kind, form, Self.folded(bytes)))
    }

    private mutating func add(_ kind: String, texts: [String]) {
        for text in Set(texts) {
            add(kind, "text \(text)", Array(text.utf8))
            add(kind, "base64 of \(text)", Self.base64(Array(text.utf8)))
            for form in KnownWords.percentEncoded(text) where form != text {
                add(kind, "percent \(form)", Array(form.utf8))
            }
            let escaped = text.utf16.map { "\\u" + String(format: "%04x", $0) }.joined()
            add(kind, "escaped \(text)", Array(escaped.utf8))
            let mixed = text.utf16.map { unit in
                unit < 128
                    ? String(decoding: [unit], as: UTF16.self) : "\\u" + String(format: "%04x", unit)
            }.joined()
            add(kind, "JSON of \(text)", Array(mixed.utf8))
        }
    }

    /// A name, composed and decomposed.
    mutating func add(name: String, kind: String = "name") {
        add(
            kind,
            texts: [
                name, name.precomposedStringWithCanonicalMapping, name.decomposedStringWithCanonicalMapping,
                safe(name),
            ])
    }

    /// An info-hash: hexadecimal, its beginning, base32, base64.
    mutating func add(_ infoHash: InfoHash) {
        let digits = "\(infoHash)"
        add("torrent", texts: [digits, String(digits.prefix(8)), Self.base32(infoHash.bytes)])
        add("torrent", "base64", Self.base64(infoHash.bytes))
        for form in KnownWords.percentEncoded(infoHash.bytes) { add("torrent", "percent", Array(form.utf8)) }
    }

    /// An address, and the same mapped into IPv6.
    mutating func add(address: String) throws {
        let parsed = try IPAddress(parsing: address)
        var texts = [address, "\(parsed)"]
        if parsed.family == .v4 {
            let bytes = parsed.bytes.map { String(format: "%02x", $0) }
            texts += ["::ffff:\(parsed)", "::ffff:\(bytes[0])\(bytes[1]):\(bytes[2])\(bytes[3])"]
        }
        add("address", texts: texts)
    }

    /// What of it is in `bytes`: the kinds and forms.
    func found(in bytes: [UInt8]) -> [String] {
        let data = Data(Self.folded(bytes))
        return all.filter { data.range(of: Data($0.bytes)) != nil }.map { "\($0.kind): \($0.form)" }
    }

    private static func folded(_ bytes: [UInt8]) -> [UInt8] {
        bytes.map { (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains($0) ? $0 | 0x20 : $0 }
    }

    /// Without what depends on where it begins and ends.
    private static func base64(_ bytes: [UInt8]) -> [UInt8] {
        Array(Data(bytes).base64EncodedString().utf8.prefix(bytes.count * 4 / 3 - 2))
    }

    private static func base32(_ bytes: [UInt8]) -> String {
        var (out, pending, count) = ("", 0, 0)
        for byte in bytes {
            pending = (pending << 8 | Int(byte)) & 0xffff
            count += 8
            while count >= 5 {
                count -= 5
                out.append(Array("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567")[pending >> count & 31])
            }
        }
        return out
    }
}

/// A checksum that stands in the very JSON text that it is of. It finds damage, not forgery: whoever can write the state
/// directory can do as they like.
///
/// FNV-1a, 64 bits, over the text with sixteen zeros in the checksum's place.
enum StateChecksum {
    private static let key = Array("\"checksum\":\"".utf8)
    private static let blank = [UInt8](repeating: UInt8(ascii: "0"), count: 16)

    /// What a text is written with before it is sealed.
    static let unset = String(decoding: blank, as: UTF8.self)

    /// Puts the checksum into a text that has ``unset`` in its first place for one.
    static func seal(_ text: [UInt8]) -> [UInt8] {
        guard let place = place(in: text) else { return text }
        var out = text
        out.replaceSubrange(place, with: digits(of: hash(text)))
        return out
    }

    /// Whether a text is as it was sealed.
    static func fits(_ text: [UInt8]) -> Bool {
        guard let place = place(in: text) else { return false }
        var blanked = text
        blanked.replaceSubrange(place, with: blank)
        return text[place].elementsEqual(digits(of: hash(blanked)))
    }

    /// Where the first checksum stands; nil where there is none.
    private static func place(in text: [UInt8]) -> Range<Int>? {
        guard text.count >= key.count + blank.count else { return nil }
        for start in 0...(text.count - key.count - blank.count)
        where text[start] == key[0] && text[start..<start + key.count].elementsEqual(key) {
            return start + key.count..<start + key.count + blank.count
        }
        return nil
    }

    private static func hash(_ bytes: [UInt8]) -> UInt64 {
        bytes.withUnsafeBufferPointer { bytes in
            var out: UInt64 = 0xcbf2_9ce4_8422_2325
            for byte in bytes { out = (out ^ UInt64(byte)) &* 0x100_0000_01b3 }
            return out
        }
    }

    private static func digits(of number: UInt64) -> [UInt8] {
        let text = String(number, radix: 16)
        return Array((String(repeating: "0", count: 16 - text.count) + text).utf8)
    }
}

import Foundation
import SwarmdSupport
import TorrentEngine

/// Texts that are known to be nobody's business, and what stands for each: found in the middle of other texts, in the
/// forms in which they get there.
struct KnownWords {
    /// What stands for each. A node may have a hundred thousand names: none is compared with each.
    private var pseudonyms: [ArraySlice<Unicode.Scalar>: String] = [:]
    /// How long those are that begin with a scalar, the longest first.
    private var lengths: [Unicode.Scalar: [Int]] = [:]

    mutating func add(_ text: String, _ pseudonym: String) {
        guard !text.isEmpty, text != pseudonym else { return }
        for scalars in Self.forms(of: text) {
            guard let first = scalars.first, pseudonyms[scalars[...]] == nil else { continue }
            pseudonyms[scalars[...]] = pseudonym
            let known = lengths[first, default: []]
            guard !known.contains(scalars.count) else { continue }
            lengths[first] = (known + [scalars.count]).sorted(by: >)
        }
    }

    /// As it is, composed and decomposed, quoted, made harmless for a terminal, and percent-encoded.
    private static func forms(of text: String) -> Set<[Unicode.Scalar]> {
        var out: Set<[Unicode.Scalar]> = []
        for form in [
            text, text.precomposedStringWithCanonicalMapping, text.decomposedStringWithCanonicalMapping,
        ] {
            let quotes = quoted(form).dropFirst().dropLast()
            for text in [form, String(quotes), safe(form)] + percentEncoded(form) {
                out.insert(Array(text.unicodeScalars))
            }
        }
        return out
    }

    static func percentEncoded(_ text: String) -> [String] { percentEncoded(Array(text.utf8)) }

    /// Every byte, and only what must be; in upper and lower case.
    static func percentEncoded(_ bytes: [UInt8]) -> [String] {
        func encoded(_ isPlain: (UInt8) -> Bool) -> [String] {
            [true, false].map { isUpper in
                var out = ""
                for byte in bytes {
                    if isPlain(byte) {
                        out.unicodeScalars.append(Unicode.Scalar(byte))
                    } else {
                        let digits = String(byte, radix: 16, uppercase: isUpper)
                        out += "%" + (byte < 16 ? "0" : "") + digits
                    }
                }
                return out
            }
        }
        let letters = Set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~".utf8)
        let inPath = letters.union("/:@!$&'()*+,;=".utf8)
        return encoded { _ in false } + encoded { letters.contains($0) } + encoded { inPath.contains($0) }
    }

    func replaced(in text: String) -> String {
        let scalars = Array(text.unicodeScalars)
        var out = String.UnicodeScalarView()
        var index = 0
        scan: while index < scalars.count {
            for length in lengths[scalars[index]] ?? [] {
                let end = index + length
                guard end <= scalars.count, let pseudonym = pseudonyms[scalars[index..<end]] else { continue }
                // Short ones stand in the middle of other words too.
                if length < 5, Self.isLetter(scalars, index - 1) || Self.isLetter(scalars, end) { continue }
                if Self.cutsIdentity(scalars, index..<end) { continue }
                out.append(contentsOf: pseudonym.unicodeScalars)
                index = end
                continue scan
            }
            out.append(scalars[index])
            index += 1
        }
        return String(out)
    }

    /// Whether replacing that range would take a part out of an address or info-hash, and leave the rest: of 10.0.0.3 a
    /// folder that is called 3.
    private static func cutsIdentity(_ scalars: [Unicode.Scalar], _ range: Range<Int>) -> Bool {
        func isInRun(_ index: Int) -> Bool {
            scalars.indices.contains(index) && IdentityScan.isPart(scalars[index])
        }
        func runs(over index: Int) -> Bool { isInRun(index - 1) && isInRun(index) }
        guard runs(over: range.lowerBound) || runs(over: range.upperBound) else { return false }
        var (start, end) = (range.lowerBound, range.upperBound)
        if isInRun(start) { while isInRun(start - 1) { start -= 1 } }
        if isInRun(end - 1) { while isInRun(end) { end += 1 } }
        var around = String.UnicodeScalarView()
        around.append(contentsOf: scalars[start..<end])
        var isCut = false
        _ = IdentityScan.replacing(String(around)) { _ in
            isCut = true
            return nil
        }
        return isCut
    }

    private static func isLetter(_ scalars: [Unicode.Scalar], _ index: Int) -> Bool {
        guard scalars.indices.contains(index) else { return false }
        return scalars[index].properties.isAlphabetic || scalars[index].properties.numericType != nil
    }
}

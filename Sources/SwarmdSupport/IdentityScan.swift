package import TorrentEngine

/// Finds in a text what says who shares what with whom: addresses and info-hashes, in whatever form they are written.
package enum IdentityScan {
    /// Something that was found.
    package enum Found: Sendable, Hashable {
        case address(IPAddress)
        /// 40 hexadecimal digits or more, or 32 of base32, as they stand.
        case infoHash(String)
        /// The first 8 digits of one, before an ellipsis.
        case prefix(String)
    }

    /// The text with something else in place of each; `replacement` gives nil for what stays.
    package static func replacing(_ text: String, _ replacement: (Found) -> String?) -> String {
        var out = ""
        var run: [Unicode.Scalar] = []
        func end(before next: Unicode.Scalar?) {
            guard !run.isEmpty else { return }
            out += replaced(run, before: next, replacement)
            run.removeAll(keepingCapacity: true)
        }
        for scalar in base32Replaced(text, replacement).unicodeScalars {
            if isPart(scalar) {
                run.append(scalar)
            } else {
                end(before: scalar)
                out.unicodeScalars.append(scalar)
            }
        }
        end(before: nil)
        return out
    }

    /// Whether it may stand in an address or in hexadecimal digits.
    package static func isPart(_ scalar: Unicode.Scalar) -> Bool {
        isHexDigit(scalar) || scalar == "." || scalar == ":"
    }

    private static func isHexDigit(_ scalar: Unicode.Scalar) -> Bool {
        scalar.isASCII && scalar.properties.isASCIIHexDigit
    }

    /// `run` has hexadecimal digits, dots and colons, and nothing else.
    private static func replaced(
        _ run: [Unicode.Scalar], before next: Unicode.Scalar?, _ replacement: (Found) -> String?
    ) -> String {
        // Long digits first: what is around them is no part of an address.
        if let digits = longDigits(in: run) {
            let found = string(run[digits])
            return replaced(Array(run[..<digits.lowerBound]), before: nil, replacement)
                + (replacement(.infoHash(found)) ?? found)
                + replaced(Array(run[digits.upperBound...]), before: next, replacement)
        }
        if run.count == 8, next == "…", run.allSatisfy(isHexDigit) {
            let found = string(run[...])
            return replacement(.prefix(found)) ?? found
        }
        // As long as can be, from the left: letters of a word before it, a port or the end of a sentence may hang on it.
        for start in run.indices where start == 0 || !isHexDigit(run[start - 1]) || isWordEnd(run, start) {
            var end = run.count
            while end > start {
                if run[end - 1] != ".", let address = address(run[start..<end]) {
                    let found = string(run[start..<end])
                    return string(run[..<start]) + (replacement(.address(address)) ?? found)
                        + replaced(Array(run[end...]), before: next, replacement)
                }
                end -= 1
                while end > start, !isBoundary(run, end) { end -= 1 }
            }
        }
        return string(run[...])
    }

    /// Whether a number may end before `index`: at a colon, a dot, or the end.
    private static func isBoundary(_ run: [Unicode.Scalar], _ index: Int) -> Bool {
        index == run.count || run[index] == ":" || run[index] == "."
    }

    /// Whether letters end before `index` and a decimal number begins: `face10.0.0.1`.
    private static func isWordEnd(_ run: [Unicode.Scalar], _ index: Int) -> Bool {
        !("0"..."9").contains(run[index - 1]) && ("0"..."9").contains(run[index])
    }

    private static func longDigits(in run: [Unicode.Scalar]) -> Range<Int>? {
        var start = 0
        for index in 0...run.count where index == run.count || !isHexDigit(run[index]) {
            if index - start >= 40 { return start..<index }
            start = index + 1
        }
        return nil
    }

    private static func address(_ scalars: ArraySlice<Unicode.Scalar>) -> IPAddress? {
        // Nothing shorter is one, but `::`.
        guard scalars.count > 1, scalars.count <= 45, scalars.contains(":") || scalars.contains(".") else {
            return nil
        }
        return try? IPAddress(parsing: string(scalars))
    }

    private static func string(_ scalars: ArraySlice<Unicode.Scalar>) -> String {
        var out = String.UnicodeScalarView()
        out.append(contentsOf: scalars)
        return String(out)
    }

    /// 32 letters and digits of base32 in one case, alone: an info-hash of a magnet link.
    private static func base32Replaced(_ text: String, _ replacement: (Found) -> String?) -> String {
        var out = ""
        var run = ""
        func end() {
            let isOne =
                run.count == 32
                && (run.allSatisfy { ("A"..."Z").contains($0) || ("2"..."7").contains($0) }
                    || run.allSatisfy { ("a"..."z").contains($0) || ("2"..."7").contains($0) })
            out += isOne ? replacement(.infoHash(run)) ?? run : run
            run = ""
        }
        for scalar in text.unicodeScalars {
            if scalar.isASCII, scalar.properties.isAlphabetic || ("0"..."9").contains(scalar) {
                run.unicodeScalars.append(scalar)
            } else {
                end()
                out.unicodeScalars.append(scalar)
            }
        }
        end()
        return out
    }
}

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

extension IPAddress {
    /// Reads an address literal: `10.0.0.1`, `2001:db8::1`, `::ffff:10.0.0.1` (which becomes `10.0.0.1`).
    ///
    /// Strict: four decimal numbers without leading zeros for IPv4 (`010.0.0.1` is 8.0.0.1 to some programs and
    /// 10.0.0.1 to others), RFC 4291 §2.2 for IPv6, no zone ID, no brackets, no white space. A host name is never
    /// resolved.
    ///
    /// - Throws: `EngineError.Code.malformed` with the reason.
    public init(parsing text: String) throws(EngineError) {
        self = try Refusal.naming("read the address \(quoted(text))") { () throws(Refusal) in
            try IPAddress(literal: text)
        }
    }

    init(literal text: some StringProtocol) throws(Refusal) {
        // A NUL would cut the text short for `inet_pton`: nothing but the characters of a literal gets there.
        let isPlain = text.utf8.allSatisfy { Self.literalCharacters.contains($0) }
        let dotted = text.split(separator: ".", omittingEmptySubsequences: false)
        let lastGroups = dotted.map { $0.split(separator: ":").last ?? "" }
        let hasLeadingZero = dotted.count > 1 && lastGroups.contains { $0.count > 1 && $0.hasPrefix("0") }
        guard isPlain, !hasLeadingZero, let address = Self.read(String(text)) else {
            throw Self.refusal(of: String(text), leadingZero: isPlain && hasLeadingZero)
        }
        self = address
    }

    private static let literalCharacters = Set("0123456789abcdefABCDEF:.".utf8)

    private static func read(_ text: String) -> IPAddress? {
        let family = text.utf8.contains(UInt8(ascii: ":")) ? Family.v6 : .v4
        var bytes = [UInt8](repeating: 0, count: family.bitCount / 8)
        guard inet_pton(family == .v4 ? AF_INET : AF_INET6, text, &bytes) == 1 else { return nil }
        return IPAddress(bytes: bytes)
    }

    private static func refusal(of text: String, leadingZero: Bool) -> Refusal {
        if text.isEmpty { return .malformed("it is empty") }
        if leadingZero {
            return .malformed(
                "a number begins with 0, which some programs read as octal and others as decimal",
                remedy: "write the number without leading zeros")
        }
        if text.contains("%") {
            return .malformed(
                "a zone ID cannot be enforced: addresses are compared by their bytes, on any link",
                remedy: "use an address that is unique without a zone")
        }
        if text.contains("[") || text.contains("]") {
            return .malformed(
                "brackets belong around an IPv6 address that a port follows",
                remedy: "write ::1 or [::1]:6881")
        }
        if text.unicodeScalars.contains(where: \.properties.isWhitespace) {
            return .malformed("it contains white space")
        }
        let hasLetter = text.unicodeScalars.contains(where: \.properties.isAlphabetic)
        let hasForeignLetter = text.unicodeScalars.contains {
            $0.properties.isAlphabetic && !(("a"..."f").contains($0) || ("A"..."F").contains($0))
        }
        if hasForeignLetter || (hasLetter && !text.contains(":")) {
            return .malformed(
                "a host name is not looked up: resolving it would tell a resolver, and whoever answers would decide "
                    + "who is meant",
                remedy: "write the IP address")
        }
        return .malformed("it is no IPv4 or IPv6 address")
    }
}

extension IPAddress: CustomStringConvertible {
    /// The canonical text (RFC 5952 for IPv6), such as `10.0.0.1` or `2001:db8::1`.
    ///
    /// Reading it gives an equal address.
    public var description: String {
        guard family == .v6 else { return bytes.map { String($0) }.joined(separator: ".") }
        let groups = stride(from: 112, through: 0, by: -16).map { UInt16(truncatingIfNeeded: value >> $0) }
        let hex = groups.map { String($0, radix: 16) }
        guard let zeros = Self.longestZeroRun(of: groups) else { return hex.joined(separator: ":") }
        return hex[..<zeros.lowerBound].joined(separator: ":") + "::"
            + hex[zeros.upperBound...].joined(separator: ":")
    }

    /// The first of the longest runs of two or more zero groups: what `::` stands for (RFC 5952 §4.2).
    private static func longestZeroRun(of groups: [UInt16]) -> Range<Int>? {
        var longest = 0..<1
        var start = 0
        for (index, group) in groups.enumerated() {
            if group != 0 {
                start = index + 1
            } else if index + 1 - start > longest.count {
                longest = start..<(index + 1)
            }
        }
        return longest.count > 1 ? longest : nil
    }
}

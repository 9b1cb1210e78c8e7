/// A text cut into host and port, before either is understood: `host`, `host:port`, `[v6]:port`, bare IPv6.
struct EndpointText {
    let host: String
    let isBracketed: Bool
    /// The text after the colon, where there is one; possibly empty.
    let port: String?

    /// - Throws: where an opening bracket has no partner, or something other than `:port` follows it.
    init(_ text: String) throws(Refusal) {
        try Self.requireShort(text)
        if text.hasPrefix("[") {
            let rest = text.dropFirst()
            guard let close = rest.firstIndex(of: "]") else {
                throw .malformed("the bracket is not closed", remedy: "write [::1]:6881")
            }
            let after = rest[rest.index(after: close)...]
            guard after.hasPrefix(":") || after.isEmpty else {
                throw .malformed(
                    "after the closing bracket comes a colon and the port", remedy: "write [::1]:6881")
            }
            host = String(rest[..<close])
            isBracketed = true
            port = after.isEmpty ? nil : String(after.dropFirst())
        } else {
            let parts = text.split(separator: ":", maxSplits: 2, omittingEmptySubsequences: false)
            isBracketed = false
            host = parts.count == 2 ? String(parts[0]) : text
            port = parts.count == 2 ? String(parts[1]) : nil
        }
    }

    /// No address, port or prefix needs so much; to take a text of megabytes apart would take minutes.
    static func requireShort(_ text: String) throws(Refusal) {
        guard text.utf8.count <= 1024 else { throw .malformed("it has more than 1024 bytes") }
    }

    /// The address: brackets belong to an IPv6 literal and to nothing else.
    func address() throws(Refusal) -> IPAddress {
        if isBracketed && !host.utf8.contains(UInt8(ascii: ":")) {
            throw .malformed("brackets are for IPv6 addresses", remedy: "write 10.0.0.1:6881 or [::1]:6881")
        }
        return try IPAddress(literal: host)
    }

    /// Reads a port: decimal digits, no sign, no leading zero, `minimum` … 65535.
    static func port(_ text: some StringProtocol, minimum: UInt16) throws(Refusal) -> UInt16 {
        let digits = text.utf8
        let isNumber =
            !digits.isEmpty && digits.allSatisfy { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
        guard isNumber, digits.count == 1 || digits.first != UInt8(ascii: "0") else {
            throw .malformed(
                "the port \(quoted(text)) is no decimal number", remedy: "write a number, \(minimum) to 65535"
            )
        }
        guard let port = UInt16(text), port >= minimum else {
            throw .invalid("the port \(quoted(text)) is not in \(minimum) to 65535")
        }
        return port
    }
}

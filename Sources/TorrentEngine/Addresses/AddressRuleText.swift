extension AddressRule {
    /// Reads one entry of an invite list: an address, a block in CIDR notation (RFC 4632), `10.0.0.1:6881` or
    /// `[2001:db8::1]:6881`.
    ///
    /// What could be understood in two ways is refused rather than guessed at: bits set after the prefix, leading
    /// zeros, zone IDs, white space. So is what no peer can have (multicast, broadcast, unspecified, port 0), and a
    /// host name. IPv4-mapped IPv6 addresses and blocks become IPv4.
    ///
    /// - Parameters:
    ///   - text: The entry.
    ///   - allowAny: Whether `0.0.0.0/0` and `::/0`, every address there is, will do.
    /// - Throws: `EngineError.Code.malformed` where the text does not have the form, `.invalidArgument` where the
    ///   value is not allowed; with the reason and, where one can be guessed, what may have been meant.
    public init(parsing text: String, allowAny: Bool = false) throws(EngineError) {
        self = try Refusal.naming("read the rule \(quoted(text))") { () throws(Refusal) in
            try AddressRule(text: text, allowAny: allowAny)
        }
    }

    init(text: String, allowAny: Bool) throws(Refusal) {
        try EndpointText.requireShort(text)
        let parts = text.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
        guard parts.count == 2 else {
            try self.init(single: text)
            return
        }
        try self.init(block: parts[0], prefix: parts[1], allowAny: allowAny)
    }

    private init(single text: String) throws(Refusal) {
        let parts = try EndpointText(text)
        let address = try parts.address()
        guard let port = parts.port else {
            if parts.isBracketed {
                throw .malformed(
                    "brackets are for an address that a port follows",
                    remedy: "write \(address), or [\(address)]:6881 with its port")
            }
            try self.init(single: address, port: nil)
            return
        }
        try self.init(single: address, port: try EndpointText.port(port, minimum: 1))
    }

    private init(block: Substring, prefix: Substring, allowAny: Bool) throws(Refusal) {
        let isMapped = block.utf8.contains(UInt8(ascii: ":"))
        if block.hasPrefix("[") || prefix.contains(":") {
            throw .malformed(
                "a block of addresses cannot have a port or brackets",
                remedy: "write the block and the prefix alone")
        }
        let address = try IPAddress(literal: block)
        var bits = try Self.prefix(prefix)
        if isMapped && address.family == .v4 {
            // An IPv4-mapped block: the first 96 bits are those of ::ffff:0:0.
            guard bits >= 96 else {
                throw .invalid(
                    "bits after the prefix are set, so it is not clear whether the address or the block is meant",
                    remedy: "write the IPv4 block, such as \(address)/24, or \(address) for that one address")
            }
            bits -= 96
        }
        try self.init(block: address, prefixLength: bits, allowAny: allowAny)
    }

    private static func prefix(_ text: Substring) throws(Refusal) -> Int {
        let digits = text.utf8
        let isNumber =
            !digits.isEmpty && digits.allSatisfy { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
        guard isNumber, digits.count <= 3, digits.count == 1 || digits.first != UInt8(ascii: "0"),
            let bits = Int(text)
        else {
            throw .malformed(
                "the prefix \(quoted(text)) is no number of bits", remedy: "write 10.0.0.0/8 or 2001:db8::/32"
            )
        }
        return bits
    }
}

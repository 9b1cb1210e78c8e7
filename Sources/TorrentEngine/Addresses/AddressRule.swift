/// Who is meant by one entry of an invite list: an address, an address with a port, or a block of addresses.
///
/// The port, where there is one, is where a member may be *dialled*. It cannot be asked of a member who dials us,
/// because such a connection comes from any port.
public struct AddressRule: Sendable, Hashable {
    /// The lowest address of the block; the address itself where the rule is a single one.
    public let firstAddress: IPAddress
    /// How many leading bits of an address must agree: 0 … 32 for IPv4, 0 … 128 for IPv6 (RFC 4632, RFC 4291 §2.3).
    public let prefixLength: Int
    /// The port where the member may be dialled, 1 … 65535; nil for any, and always nil for a block.
    public let port: UInt16?

    private init(unchecked firstAddress: IPAddress, _ prefixLength: Int, _ port: UInt16?) {
        self.firstAddress = firstAddress
        self.prefixLength = prefixLength
        self.port = port
    }

    /// A rule for one address, on any port.
    ///
    /// - Throws: `EngineError.Code.invalidArgument` for an address that no peer can have: multicast, broadcast,
    ///   unspecified.
    public init(_ address: IPAddress) throws(EngineError) {
        self = try Refusal.naming("make a rule of \(address)") { () throws(Refusal) in
            try AddressRule(single: address, port: nil)
        }
    }

    /// A rule for one address that may be dialled at one port.
    ///
    /// - Throws: `EngineError.Code.invalidArgument` for an address that no peer can have: multicast, broadcast,
    ///   unspecified.
    public init(_ endpoint: PeerEndpoint) throws(EngineError) {
        self = try Refusal.naming("make a rule of \(endpoint)") { () throws(Refusal) in
            try AddressRule(single: endpoint.address, port: endpoint.port)
        }
    }

    /// A rule for a block of addresses.
    ///
    /// - Parameters:
    ///   - firstAddress: The lowest address of the block: every bit after the prefix is zero.
    ///   - prefixLength: 1 … 32 for IPv4, 1 … 128 for IPv6; 0 too where `allowAny`.
    ///   - allowAny: Whether a prefix of 0, every address there is, will do.
    /// - Throws: `EngineError.Code.invalidArgument` for anything else, and for a block in which no peer can be.
    public init(
        firstAddress: IPAddress, prefixLength: Int, allowAny: Bool = false
    ) throws(EngineError) {
        self = try Refusal.naming("make a rule of \(firstAddress)/\(prefixLength)") { () throws(Refusal) in
            try AddressRule(block: firstAddress, prefixLength: prefixLength, allowAny: allowAny)
        }
    }

    /// The highest address of the block; the address itself where the rule is a single one.
    public var lastAddress: IPAddress {
        IPAddress(
            family: firstAddress.family,
            value: firstAddress.value | Self.hostMask(firstAddress.family, prefixLength))
    }

    /// Whether the rule means one address.
    public var isSingleAddress: Bool { prefixLength == firstAddress.family.bitCount }

    /// Whether the rule means every address of its family: it keeps nobody out.
    public var isAny: Bool { prefixLength == 0 }

    /// Whether the address is meant.
    ///
    /// The port plays no part; an IPv6 block never contains an IPv4 address.
    public func contains(_ address: IPAddress) -> Bool {
        address.family == firstAddress.family && firstAddress.value <= address.value
            && address.value <= lastAddress.value
    }
}

extension AddressRule {
    init(single address: IPAddress, port: UInt16?) throws(Refusal) {
        if address.isUnspecified {
            throw .invalid("\(address) means no peer: it stands for \"any\" where a socket listens")
        }
        if address.isBroadcast { throw .invalid("\(address) is the broadcast address: no peer has it") }
        if address.isMulticast { throw .invalid("\(address) is a multicast group: no peer has it") }
        self.init(unchecked: address, address.family.bitCount, port)
    }

    init(block address: IPAddress, prefixLength: Int, allowAny: Bool) throws(Refusal) {
        let bits = address.family.bitCount
        guard (0...bits).contains(prefixLength) else {
            throw .invalid("the prefix of an IPv\(address.family.rawValue) block is 0 to \(bits) bits")
        }
        if prefixLength == bits {
            try self.init(single: address, port: nil)
            return
        }
        let mask = Self.hostMask(address.family, prefixLength)
        guard address.value & mask == 0 else {
            let block = IPAddress(family: address.family, value: address.value & ~mask)
            throw .invalid(
                "bits after the prefix are set, so it is not clear whether the address or the block is meant",
                remedy: prefixLength == 0
                    ? "write \(address) for that one address"
                    : "did you mean \(block)/\(prefixLength)? For that one address write \(address)")
        }
        guard prefixLength > 0 || allowAny else {
            throw .invalid(
                "it admits every IPv\(address.family.rawValue) address there is, so the swarm would not be private",
                remedy: "list the members, or say explicitly that any address is allowed")
        }
        if address.isMulticast && prefixLength > 0 {
            throw .invalid("\(address)/\(prefixLength) is a block of multicast groups: no peer is in it")
        }
        self.init(unchecked: address, prefixLength, nil)
    }

    private static func hostMask(_ family: IPAddress.Family, _ prefixLength: Int) -> UInt128 {
        let hostBits = family.bitCount - prefixLength
        return hostBits == 128 ? .max : (1 << UInt128(hostBits)) - 1
    }
}

extension AddressRule: CustomStringConvertible {
    /// The canonical text, such as `10.0.0.0/8` or `[2001:db8::1]:6881`.
    ///
    /// Reading it gives an equal rule.
    public var description: String {
        if let port { return PeerEndpoint(firstAddress, port).description }
        return isSingleAddress ? firstAddress.description : "\(firstAddress)/\(prefixLength)"
    }
}

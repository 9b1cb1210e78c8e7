import TorrentEngine

/// A captured packet, taken apart as far as the leak check needs: addresses, ports, flags, and what it carries.
///
/// The bytes are untrusted: anything that is cut short or strange becomes `.unreadable`, which counts as a leak.
struct Packet: Sendable, Hashable {
    enum Body: Sendable, Hashable {
        case tcp(source: UInt16, target: UInt16, flags: TCPFlags, payload: [UInt8])
        case udp(source: UInt16, target: UInt16, payload: [UInt8])
        case icmp(type: UInt8)
        /// A report of the multicast groups that this host is in: IGMP, or MLD in ICMPv6.
        case groups([IPAddress])
        case arp
        case unreadable(String)
    }

    struct TCPFlags: OptionSet, Sendable, Hashable {
        let rawValue: UInt8
        static let fin = TCPFlags(rawValue: 1)
        static let syn = TCPFlags(rawValue: 2)
        static let ack = TCPFlags(rawValue: 16)
    }

    /// Nil where there is no IP header.
    let source: IPAddress?
    let target: IPAddress?
    let body: Body

    /// Takes apart what follows the link header.
    ///
    /// - Parameters:
    ///   - type: The EtherType.
    ///   - bytes: From the network header on; may have padding at the end.
    init(etherType type: UInt16, _ bytes: some Collection<UInt8>) {
        let bytes = Array(bytes)[...]
        switch type {
        case 0x0800: self = Self.v4(bytes)
        case 0x86dd: self = Self.v6(bytes)
        case 0x0806: self = Packet(nil, nil, .arp)
        default: self = Packet(nil, nil, .unreadable("EtherType \(String(type, radix: 16))"))
        }
    }

    private init(_ source: IPAddress?, _ target: IPAddress?, _ body: Body) {
        self.source = source
        self.target = target
        self.body = body
    }

    // MARK: - Headers

    private static func v4(_ bytes: ArraySlice<UInt8>) -> Packet {
        guard bytes.count >= 20, let first = bytes.first, first >> 4 == 4 else {
            return Packet(nil, nil, .unreadable("IPv4 header"))
        }
        let header = Int(first & 15) * 4
        let total = Int(bytes.word(at: 2))
        let (source, target) = (bytes.address(at: 12, 4), bytes.address(at: 16, 4))
        // A total length of 0 is a segment that the network card is to split (TSO).
        guard header >= 20, total == 0 || total >= header, bytes.count >= max(header, total) else {
            return Packet(source, target, .unreadable("IPv4 length"))
        }
        guard bytes.word(at: 6) & 0x3fff == 0 else {
            return Packet(source, target, .unreadable("IPv4 fragment"))
        }
        let rest = (total == 0 ? bytes : bytes.prefix(total)).dropFirst(header)
        return Packet(source, target, body(bytes[bytes.startIndex + 9], rest))
    }

    private static func v6(_ bytes: ArraySlice<UInt8>) -> Packet {
        guard bytes.count >= 40, let first = bytes.first, first >> 4 == 6 else {
            return Packet(nil, nil, .unreadable("IPv6 header"))
        }
        let (source, target) = (bytes.address(at: 8, 16), bytes.address(at: 24, 16))
        let length = Int(bytes.word(at: 4))
        guard bytes.count >= 40 + length else { return Packet(source, target, .unreadable("IPv6 length")) }
        var rest = (length == 0 ? bytes : bytes.prefix(40 + length)).dropFirst(40)
        var next = bytes[bytes.startIndex + 6]
        // Hop-by-hop, routing and destination options (RFC 8200 §4) stand before the payload.
        while [0, 43, 60].contains(next) {
            guard rest.count >= 2 else { return Packet(source, target, .unreadable("IPv6 option")) }
            let size = (Int(rest[rest.startIndex + 1]) + 1) * 8
            guard rest.count >= size else { return Packet(source, target, .unreadable("IPv6 option")) }
            next = rest[rest.startIndex]
            rest = rest.dropFirst(size)
        }
        return Packet(source, target, body(next, rest))
    }

    private static func body(_ kind: UInt8, _ bytes: ArraySlice<UInt8>) -> Body {
        switch kind {
        case 6: tcp(bytes)
        case 17: udp(bytes)
        case 1: bytes.count >= 4 ? .icmp(type: bytes[bytes.startIndex]) : .unreadable("ICMP")
        case 2: igmp(bytes)
        case 58: icmpv6(bytes)
        default: .unreadable("IP protocol \(kind)")
        }
    }

    private static func tcp(_ bytes: ArraySlice<UInt8>) -> Body {
        guard bytes.count >= 20 else { return .unreadable("TCP header") }
        let header = Int(bytes[bytes.startIndex + 12] >> 4) * 4
        guard header >= 20, bytes.count >= header else { return .unreadable("TCP length") }
        return .tcp(
            source: bytes.word(at: 0), target: bytes.word(at: 2),
            flags: TCPFlags(rawValue: bytes[bytes.startIndex + 13]), payload: Array(bytes.dropFirst(header)))
    }

    private static func udp(_ bytes: ArraySlice<UInt8>) -> Body {
        guard bytes.count >= 8 else { return .unreadable("UDP header") }
        return .udp(
            source: bytes.word(at: 0), target: bytes.word(at: 2), payload: Array(bytes.dropFirst(8)))
    }

    // MARK: - Multicast groups

    /// RFC 2236 §2, RFC 3376 §4.2.
    private static func igmp(_ bytes: ArraySlice<UInt8>) -> Body {
        guard bytes.count >= 8 else { return .unreadable("IGMP") }
        switch bytes[bytes.startIndex] {
        case 0x22: return groups(bytes, addressLength: 4)
        case 0x12, 0x16, 0x17: return .groups([bytes.address(at: 4, 4)].compactMap { $0 })
        default: return .unreadable("IGMP \(bytes[bytes.startIndex])")
        }
    }

    /// RFC 2710 §3, RFC 3810 §5.2.
    private static func icmpv6(_ bytes: ArraySlice<UInt8>) -> Body {
        guard bytes.count >= 4, let type = bytes.first else { return .unreadable("ICMPv6") }
        switch type {
        case 143: return groups(bytes, addressLength: 16)
        case 131, 132:
            guard bytes.count >= 24 else { return .unreadable("MLD") }
            return .groups([bytes.address(at: 8, 16)].compactMap { $0 })
        default: return .icmp(type: type)
        }
    }

    /// A version 3 (IGMP) or version 2 (MLD) report: records of type, auxiliary length, sources, group.
    private static func groups(_ bytes: ArraySlice<UInt8>, addressLength: Int) -> Body {
        guard bytes.count >= 8 else { return .unreadable("group report") }
        var groups: [IPAddress] = []
        var rest = bytes.dropFirst(8)
        for _ in 0..<bytes.word(at: 6) {
            guard rest.count >= 4 + addressLength else { return .unreadable("group report") }
            let size =
                4 + addressLength * (1 + Int(rest.word(at: 2))) + Int(rest[rest.startIndex + 1]) * 4
            guard rest.count >= size else { return .unreadable("group report") }
            if let group = rest.address(at: 4, addressLength) { groups.append(group) }
            rest = rest.dropFirst(size)
        }
        return .groups(groups)
    }
}

extension ArraySlice<UInt8> {
    /// Big-endian. The caller has looked that it is there.
    fileprivate func word(at offset: Int) -> UInt16 {
        UInt16(self[startIndex + offset]) << 8 | UInt16(self[startIndex + offset + 1])
    }

    fileprivate func address(at offset: Int, _ length: Int) -> IPAddress? {
        IPAddress(bytes: self[(startIndex + offset)..<(startIndex + offset + length)])
    }
}

/// The name that a DNS query asks for (RFC 1035 §4.1.2), in lower case; nil where it is none.
func dnsName(_ payload: [UInt8]) -> String? {
    guard payload.count > 12 else { return nil }
    var labels: [String] = []
    var rest = payload.dropFirst(12)
    while let length = rest.popFirst(), length > 0 {
        guard length < 64, rest.count >= Int(length) else { return nil }
        labels.append(String(decoding: rest.prefix(Int(length)), as: UTF8.self).lowercased())
        rest = rest.dropFirst(Int(length))
    }
    return labels.isEmpty ? nil : labels.joined(separator: ".")
}

package import TorrentEngine

#if canImport(Glibc)
    import Glibc
#endif

/// An address of an interface and the network that it is in.
package struct InterfaceNetwork: Sendable, Hashable {
    let address: IPAddress
    let prefixLength: Int

    /// The network as a rule. Nil where it is the address alone, everything there is, or a link's (`fe80::/10`,
    /// `169.254.0.0/16`): the same on every link, so that it names no one in particular.
    var rule: AddressRule? {
        guard prefixLength > 0, prefixLength < address.family.bitCount, !isLinkLocal,
            let first = IPAddress(bytes: masked)
        else { return nil }
        return try? AddressRule(firstAddress: first, prefixLength: prefixLength)
    }

    private var isLinkLocal: Bool {
        let bytes = address.bytes
        return address.family == .v4
            ? bytes.starts(with: [169, 254]) : bytes[0] == 0xfe && bytes[1] & 0xc0 == 0x80
    }

    private var masked: [UInt8] {
        address.bytes.enumerated().map { index, byte in
            let bits = min(8, max(0, prefixLength - 8 * index))
            return byte & UInt8(truncatingIfNeeded: 0xff00 >> bits)
        }
    }

    /// Those of the interface, in a fixed order; none where it is missing or down.
    static func all(of name: String) -> [InterfaceNetwork] {
        let found = everywhere().filter { $0.name == name }.map(\.network)
        return Set(found).sorted { ($0.address, $0.prefixLength) < ($1.address, $1.prefixLength) }
    }

    /// The addresses of every interface that is up.
    package static func addresses() -> Set<IPAddress> { Set(everywhere().map(\.network.address)) }

    private static func everywhere() -> [(name: String, network: InterfaceNetwork)] {
        var first: UnsafeMutablePointer<ifaddrs>?
        guard getifaddrs(&first) == 0 else { return [] }
        defer { freeifaddrs(first) }
        var out: [(name: String, network: InterfaceNetwork)] = []
        var next = first
        while let entry = next?.pointee {
            next = entry.ifa_next
            guard entry.ifa_flags & UInt32(IFF_UP) != 0, let name = entry.ifa_name,
                let address = bytes(of: entry.ifa_addr), let mask = bytes(of: entry.ifa_netmask),
                let value = IPAddress(bytes: address)
            else { continue }
            let length = mask.reduce(0) { $0 + $1.nonzeroBitCount }
            out.append((String(cString: name), InterfaceNetwork(address: value, prefixLength: length)))
        }
        return out
    }

    private static func bytes(of address: UnsafeMutablePointer<sockaddr>?) -> [UInt8]? {
        guard let address else { return nil }
        let raw = UnsafeRawPointer(address)
        switch Int32(address.pointee.sa_family) {
        case AF_INET:
            return withUnsafeBytes(of: raw.loadUnaligned(as: sockaddr_in.self).sin_addr) { Array($0) }
        case AF_INET6:
            return withUnsafeBytes(of: raw.loadUnaligned(as: sockaddr_in6.self).sin6_addr) { Array($0) }
        default: return nil
        }
    }
}

/// An IPv4 or IPv6 address.
///
/// Two addresses are equal exactly when the engine's filters take them for the same: an IPv4-mapped IPv6 address
/// (`::ffff:0:0/96`, RFC 4291 §2.5.5.2) *is* the IPv4 address, and there are no zone IDs (RFC 4007 §11), which a
/// filter that compares bytes could not tell apart.
public struct IPAddress: Sendable, Hashable {
    /// The version of the Internet protocol; there will be no third case.
    public enum Family: UInt8, Sendable, Hashable, CaseIterable {
        /// IPv4: 32 bits.
        case v4 = 4
        /// IPv6: 128 bits.
        case v6 = 6

        /// How many bits an address has: 32 or 128.
        public var bitCount: Int { self == .v4 ? 32 : 128 }
    }

    /// IPv4 or IPv6.
    public let family: Family
    /// The address as a number: 0 … 2³²−1 for IPv4.
    let value: UInt128

    init(family: Family, value: UInt128) {
        if family == .v6, value >> 32 == 0xffff {
            self.family = .v4
            self.value = value & 0xffff_ffff
        } else {
            self.family = family
            self.value = value
        }
    }

    /// Makes an address from its bytes in network order: 4 for IPv4, 16 for IPv6; nil for any other count.
    ///
    /// An IPv4-mapped IPv6 address becomes the IPv4 address.
    public init?(bytes: some Collection<UInt8>) {
        guard let family = bytes.count == 4 ? Family.v4 : bytes.count == 16 ? .v6 : nil else { return nil }
        self.init(family: family, value: bytes.reduce(0) { $0 << 8 | UInt128($1) })
    }

    /// The bytes in network order: 4 for IPv4, 16 for IPv6.
    public var bytes: [UInt8] {
        stride(from: family.bitCount - 8, through: 0, by: -8).map { UInt8(truncatingIfNeeded: value >> $0) }
    }

    /// Whether this is `0.0.0.0` or `::`, "any address" to a listening socket and nobody as a peer.
    public var isUnspecified: Bool { value == 0 }

    /// Whether this is a multicast group: `224.0.0.0/4` (RFC 5771) or `ff00::/8` (RFC 4291 §2.7).
    public var isMulticast: Bool { family == .v4 ? value >> 28 == 0xe : value >> 120 == 0xff }

    /// Whether this is `255.255.255.255`, the limited broadcast address (RFC 919 §7).
    public var isBroadcast: Bool { family == .v4 && value == 0xffff_ffff }

    /// Whether this is in `127.0.0.0/8` or is `::1`.
    public var isLoopback: Bool { family == .v4 ? value >> 24 == 127 : value == 1 }
}

extension IPAddress: Comparable {
    /// IPv4 before IPv6, then by number.
    public static func < (left: IPAddress, right: IPAddress) -> Bool {
        (left.family.rawValue, left.value) < (right.family.rawValue, right.value)
    }
}

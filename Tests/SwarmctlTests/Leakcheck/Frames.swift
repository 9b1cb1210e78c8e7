import TorrentEngine

/// Packets as they are on the wire, from the network header on.
enum Frames {
    static func v4(_ kind: UInt8, from source: String, to target: String, _ payload: [UInt8]) throws
        -> [UInt8]
    {
        let total = UInt16(20 + payload.count)
        return [0x45, 0, UInt8(total >> 8), UInt8(total & 255), 0, 1, 0x40, 0, 64, kind, 0, 0]
            + (try IPAddress(parsing: source).bytes) + (try IPAddress(parsing: target).bytes) + payload
    }

    static func v6(_ next: UInt8, from source: String, to target: String, _ payload: [UInt8]) throws
        -> [UInt8]
    {
        let length = UInt16(payload.count)
        return [0x60, 0, 0, 0, UInt8(length >> 8), UInt8(length & 255), next, 64]
            + (try IPAddress(parsing: source).bytes) + (try IPAddress(parsing: target).bytes) + payload
    }

    static func tcp(_ source: UInt16, _ target: UInt16, flags: UInt8, _ payload: [UInt8] = []) -> [UInt8] {
        ports(source, target) + [0, 0, 0, 1, 0, 0, 0, 0, 0x60, flags, 0xff, 0xff, 0, 0, 0, 0]
            + [2, 4, 5, 0xb4] + payload
    }

    static func udp(_ source: UInt16, _ target: UInt16, _ payload: [UInt8]) -> [UInt8] {
        let length = UInt16(8 + payload.count)
        return ports(source, target) + [UInt8(length >> 8), UInt8(length & 255), 0, 0] + payload
    }

    /// RFC 3376 §4.2: one record, "now excluding nobody".
    static func igmpReport(_ group: String) throws -> [UInt8] {
        [0x22, 0, 0, 0, 0, 0, 0, 1, 4, 0, 0, 0] + (try IPAddress(parsing: group).bytes)
    }

    /// RFC 3810 §5.2, behind the hop-by-hop option that it must have.
    static func mldReport(_ groups: [String]) throws -> [UInt8] {
        let records: [UInt8] = try groups.flatMap {
            [UInt8]([4, 0, 0, 0]) + (try IPAddress(parsing: $0).bytes)
        }
        return [58, 0, 5, 2, 0, 0, 1, 0] + [143, 0, 0, 0, 0, 0, 0, UInt8(groups.count)] + records
    }

    private static func ports(_ source: UInt16, _ target: UInt16) -> [UInt8] {
        [UInt8(source >> 8), UInt8(source & 255), UInt8(target >> 8), UInt8(target & 255)]
    }
}

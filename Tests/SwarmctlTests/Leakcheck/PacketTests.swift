import Testing
import TorrentEngine

@testable import swarmctl

@Suite("Captured packets, taken apart")
struct PacketTests {
    @Test("TCP and UDP over both families: addresses, ports, flags and payload")
    func transports() throws {
        let flags: Packet.TCPFlags = [.syn, .ack]
        let v4 = try Frames.v4(
            6, from: "10.0.0.1", to: "10.0.0.2", Frames.tcp(1000, 2000, flags: 18, [1, 2, 3]))
        let packet = Packet(etherType: 0x0800, v4 + [0, 0, 0])  // padded, as short frames are
        #expect(packet.source?.description == "10.0.0.1")
        #expect(packet.target?.description == "10.0.0.2")
        #expect(packet.body == .tcp(source: 1000, target: 2000, flags: flags, payload: [1, 2, 3]))

        let v6 = try Frames.v6(17, from: "fd00::1", to: "fd00::2", Frames.udp(53, 6881, [9]))
        let other = Packet(etherType: 0x86dd, v6)
        #expect(other.target?.description == "fd00::2")
        #expect(other.body == .udp(source: 53, target: 6881, payload: [9]))
        #expect(Packet(etherType: 0x0806, []).body == .arp)
    }

    @Test("Reports of multicast groups are read, IGMP and MLD")
    func groups() throws {
        let v4 = try Frames.v4(2, from: "10.0.0.1", to: "224.0.0.22", Frames.igmpReport("239.1.2.3"))
        #expect(Packet(etherType: 0x0800, v4).body == .groups([try IPAddress(parsing: "239.1.2.3")]))
        let named = ["ff02::1:ff00:1", "ff15::efc0:988f"]
        let v6 = try Frames.v6(0, from: "::", to: "ff02::16", Frames.mldReport(named))
        #expect(Packet(etherType: 0x86dd, v6).body == .groups(try named.map { try IPAddress(parsing: $0) }))
    }

    @Test("What is cut short anywhere is unreadable, and nothing crashes")
    func truncated() throws {
        let frames: [(UInt16, [UInt8])] = [
            (0x0800, try Frames.v4(6, from: "10.0.0.1", to: "10.0.0.2", Frames.tcp(1, 2, flags: 2, [1, 2]))),
            (0x0800, try Frames.v4(17, from: "10.0.0.1", to: "10.0.0.2", Frames.udp(1, 2, [1, 2]))),
            (0x0800, try Frames.v4(2, from: "10.0.0.1", to: "224.0.0.22", Frames.igmpReport("239.1.2.3"))),
            (0x86dd, try Frames.v6(6, from: "fd00::1", to: "fd00::2", Frames.tcp(1, 2, flags: 2, [1, 2]))),
            (0x86dd, try Frames.v6(0, from: "::", to: "ff02::16", Frames.mldReport(["ff15::1", "ff15::2"]))),
        ]
        for (type, frame) in frames {
            for length in 0..<frame.count { expectUnreadable(Packet(etherType: type, frame.prefix(length))) }
            // The headers say less than is needed, and what follows is padding.
            for length in 0..<frame.count {
                var short = frame
                let at = type == 0x0800 ? 2 : 4
                let claimed = type == 0x0800 ? length : length - 40
                guard claimed > 0 else { continue }
                (short[at], short[at + 1]) = (UInt8(claimed >> 8), UInt8(claimed & 255))
                _ = Packet(etherType: type, short)
            }
            // Any byte may be anything.
            for index in frame.indices {
                for value: UInt8 in [0, 1, 15, 0x40, 0x4f, 0x7f, 0xff] {
                    var changed = frame
                    changed[index] = value
                    _ = Packet(etherType: type, changed)
                }
            }
        }
    }

    @Test("Fragments and what is no IP are unreadable, which counts as a leak")
    func strange() throws {
        var fragment = try Frames.v4(17, from: "10.0.0.1", to: "10.0.0.2", Frames.udp(1, 2, [1]))
        fragment[6] = 0x20
        expectUnreadable(Packet(etherType: 0x0800, fragment))
        expectUnreadable(Packet(etherType: 0x88cc, [1, 2, 3]))
        expectUnreadable(Packet(etherType: 0x86dd, try Frames.v6(44, from: "fd00::1", to: "fd00::2", [0])))
        expectUnreadable(Packet(etherType: 0x0800, try Frames.v4(132, from: "10.0.0.1", to: "10.0.0.2", [0])))
    }

    @Test("The name that a DNS query asks for", arguments: [0, 1, 2])
    func names(_ cut: Int) {
        let query: [UInt8] = [0, 1, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0, 2, 0x41, 0x62, 1, 0x63, 0, 0, 1, 0, 1]
        #expect(dnsName(query) == "ab.c")
        #expect(dnsName(Array(query.prefix(12 + cut))) == nil)
        #expect(dnsName(Array(query.prefix(12)) + [0xc0, 12]) == nil)
    }

    private func expectUnreadable(_ packet: Packet, sourceLocation: SourceLocation = #_sourceLocation) {
        guard case .unreadable = packet.body else {
            Issue.record("\(packet)", sourceLocation: sourceLocation)
            return
        }
    }
}

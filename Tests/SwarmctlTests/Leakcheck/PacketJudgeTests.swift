import Testing
import TorrentEngine

@testable import swarmctl

@Suite("Whose a captured packet is")
struct PacketJudgeTests {
    private let judge: PacketJudge

    init() throws {
        let addresses = try LabAddresses()
        let seeds = try addresses.endpoints(.seed, port: LabAddresses.port)
        let members = addresses[.seed] + addresses[.gossip] + addresses[.memberOfAnother]
        judge = PacketJudge(
            addresses: addresses, members: Set(members), mayDial: Set(seeds.map { SocketEnd($0) }))
    }

    private func tcp(_ source: UInt16, to target: String, _ port: UInt16, flags: UInt8, _ text: String = "")
        throws -> PacketJudge.Verdict
    {
        let segment = Frames.tcp(source, port, flags: flags, Array(text.utf8))
        let frame =
            target.contains(":")
            ? try Frames.v6(6, from: "fd00:77::12", to: target, segment)
            : try Frames.v4(6, from: "10.77.0.12", to: target, segment)
        return judge.judge(Packet(etherType: target.contains(":") ? 0x86dd : 0x0800, frame))
    }

    private func channel(_ verdict: PacketJudge.Verdict) -> LeakChannel? {
        if case .leak(let channel, _) = verdict { return channel }
        return nil
    }

    @Test("Members are talked to where policy says, and on connections that they opened")
    func members() throws {
        for seed in ["10.77.0.11", "fd00:77::11"] {
            #expect(try tcp(40_000, to: seed, 6881, flags: 2) == .toMember)
            #expect(try tcp(40_000, to: seed, 6881, flags: 24, "data") == .toMember)
        }
        #expect(try tcp(6881, to: "10.77.0.13", 5555, flags: 24, "data") == .toMember)
        // A member, but nobody said that it is to be dialled, or there.
        #expect(channel(try tcp(40_000, to: "10.77.0.13", 7003, flags: 2)) == .peerPort)
        #expect(channel(try tcp(40_000, to: "10.77.0.14", 7001, flags: 2)) == .pex)
        #expect(channel(try tcp(40_000, to: "fd00:77::14", 7002, flags: 2)) == .holepunch)
        #expect(channel(try tcp(40_000, to: "10.77.0.11", 80, flags: 2)) == .dials)
        #expect(channel(try tcp(40_000, to: "10.77.0.14", 7001, flags: 24, "x")) == .dials)
        // What a handshake must not offer.
        #expect(channel(try tcp(6881, to: "10.77.0.13", 5555, flags: 24, "d6:ut_pexi1e")) == .pex)
        #expect(channel(try tcp(6881, to: "10.77.0.13", 5555, flags: 24, "12:ut_holepunch")) == .holepunch)
    }

    @Test("To a stranger the kernel may answer, and nobody may say a byte")
    func strangers() throws {
        for flags: UInt8 in [18, 16, 17, 20, 4] {  // SYN-ACK, ACK, FIN, RST
            #expect(try tcp(6881, to: "10.77.0.20", 5555, flags: flags) == .kernel("TCP control"))
            #expect(channel(try tcp(6881, to: "10.77.0.20", 5555, flags: flags, "x")) == .strangers)
        }
        #expect(channel(try tcp(6881, to: "10.77.0.20", 5555, flags: 2)) == .strangers)
        #expect(channel(try tcp(40_000, to: "10.77.0.30", 7000, flags: 2)) == .trackers)
        #expect(channel(try tcp(40_000, to: "fd00:77::33", 7000, flags: 2)) == .webSeeds)
    }

    @Test(
        "Every datagram is a leak, by what it is for",
        arguments: [
            ("10.77.0.31", 7000, "anything", LeakChannel.trackers), ("10.77.0.1", 5351, "", .natpmp),
            ("239.192.152.143", 6771, "BT-SEARCH", .lsd), ("239.255.255.250", 1900, "M-SEARCH", .upnp),
            ("10.77.0.11", 6881, "d1:rd2:id20:xe", .dht), ("10.77.0.53", 53, "", .dns),
            ("10.77.0.20", 4000, "d1:rd2:id20:xe", .strangers), ("192.0.2.1", 9, "", .other),
        ])
    func datagrams(_ target: String, _ port: UInt16, _ text: String, _ expected: LeakChannel) throws {
        let frame = try Frames.v4(
            17, from: "10.77.0.12", to: target, Frames.udp(6881, port, Array(text.utf8)))
        #expect(channel(judge.judge(Packet(etherType: 0x0800, frame))) == expected)
    }

    @Test("uTP to a member is a leak too, and a DNS query counts by its name")
    func datagramsByContent() throws {
        let utp = try Frames.v6(
            17, from: "fd00:77::12", to: "fd00:77::13", Frames.udp(6881, 6881, PeerBytes.utpSyn()))
        #expect(channel(judge.judge(Packet(etherType: 0x86dd, utp))) == .utp)
        for (label, expected) in [("tracker", LeakChannel.trackers), ("node", .nodes), ("x", .dns)] {
            let labels = [label, "demo", "invalid"].flatMap { [UInt8($0.utf8.count)] + Array($0.utf8) }
            let query = [0, 1, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0] + labels + [0, 0, 1, 0, 1]
            let frame = try Frames.v4(17, from: "10.77.0.12", to: "10.77.0.53", Frames.udp(4000, 53, query))
            #expect(channel(judge.judge(Packet(etherType: 0x0800, frame))) == expected)
        }
    }

    @Test("The kernel's own groups are its own; one that a program joined is a leak")
    func groups() throws {
        func verdict(_ group: String) throws -> PacketJudge.Verdict {
            let frame =
                group.contains(":")
                ? try Frames.v6(0, from: "::", to: "ff02::16", Frames.mldReport([group]))
                : try Frames.v4(2, from: "10.77.0.12", to: "224.0.0.22", Frames.igmpReport(group))
            return judge.judge(Packet(etherType: group.contains(":") ? 0x86dd : 0x0800, frame))
        }
        #expect(try verdict("ff02::1:ff00:12") == .kernel("group report"))
        #expect(channel(try verdict("239.192.152.143")) == .lsd)
        #expect(channel(try verdict("ff15::efc0:988f")) == .lsd)
        #expect(channel(try verdict("239.255.255.250")) == .upnp)
        #expect(channel(try verdict("ff02::c")) == .upnp)
        #expect(channel(try verdict("ff02::fb")) == .other)
        #expect(channel(try verdict("239.1.1.1")) == .other)
    }

    @Test("What cannot be read is a leak; the kernel's neighbour discovery is none")
    func others() throws {
        #expect(channel(judge.judge(Packet(etherType: 0x0800, [1, 2, 3]))) == .other)
        let solicitation = [135, 0, 0, 0] + [UInt8](repeating: 0, count: 20)
        let frame = try Frames.v6(58, from: "fd00:77::12", to: "ff02::1:ff00:13", solicitation)
        #expect(judge.judge(Packet(etherType: 0x86dd, frame)) == .kernel("ND"))
        #expect(judge.judge(Packet(etherType: 0x0806, [])) == .kernel("ARP"))
    }
}

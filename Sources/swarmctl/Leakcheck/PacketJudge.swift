import TorrentEngine

/// Says of a packet that left a party whether it stayed in the swarm.
///
/// The party is alone in its network namespace, so whatever leaves it is the engine's or the kernel's. The kernel's are
/// ARP, neighbour discovery, its own group reports, ICMP, and TCP control segments without payload that answer somebody.
struct PacketJudge: Sendable {
    enum Verdict: Sendable, Hashable {
        case toMember
        /// The kernel's own, by kind.
        case kernel(String)
        case leak(LeakChannel, String)
    }

    let addresses: LabAddresses
    /// Whom the party may talk to on connections that they open.
    let members: Set<IPAddress>
    /// Where policy sends the party.
    let mayDial: Set<SocketEnd>

    func judge(_ packet: Packet) -> Verdict {
        switch packet.body {
        case .arp: return .kernel("ARP")
        case .icmp(let type): return .kernel(packet.target?.family == .v6 && type >= 133 ? "ND" : "ICMP")
        case .groups(let groups): return judge(groups)
        case .unreadable(let what): return .leak(.other, "\(what) to \(name(packet.target, nil))")
        case .udp(let source, let target, let payload):
            let text = "UDP \(name(packet.target, target)), \(payload.count) bytes"
            return .leak(channel(udp: packet.target, from: source, to: target, payload), text)
        case .tcp(let source, let target, let flags, let payload):
            return judge(packet.target, source, target, flags, payload)
        }
    }

    private func judge(
        _ address: IPAddress?, _ source: UInt16, _ target: UInt16, _ flags: Packet.TCPFlags,
        _ payload: [UInt8]
    ) -> Verdict {
        guard let address else { return .leak(.other, "TCP without an address") }
        let end = SocketEnd(address: address, port: target)
        let isBidden = mayDial.contains(end)
        let isAccepted = source == LabAddresses.port && members.contains(address)
        if flags.contains(.syn) && !flags.contains(.ack) {
            guard isBidden else { return .leak(channel(tcp: address, target), "dial of \(end)") }
            return .toMember
        }
        if isBidden || isAccepted {
            if contains(payload, "12:ut_holepunch") {
                return .leak(.holepunch, "ut_holepunch offered to \(end)")
            }
            if contains(payload, "6:ut_pex") { return .leak(.pex, "ut_pex offered to \(end)") }
            return .toMember
        }
        guard payload.isEmpty else {
            let text = "\(payload.count) bytes to \(end)"
            return .leak(source == LabAddresses.port ? .strangers : .dials, text)
        }
        return .kernel("TCP control")
    }

    /// The kernel is in the groups of all hosts and routers, and of its own addresses (RFC 4291 §2.7.1). Any other a
    /// program has joined.
    private func judge(_ groups: [IPAddress]) -> Verdict {
        for group in groups where !isKernels(group.bytes) {
            return .leak(channel(group: group) ?? .other, "joined \(group)")
        }
        return .kernel("group report")
    }

    private func isKernels(_ group: [UInt8]) -> Bool {
        let prefix: [UInt8] = [0xff, 0x02, 0, 0, 0, 0, 0, 0, 0, 0, 0]
        if group.starts(with: prefix + [1, 0xff]) { return true }
        return group == [224, 0, 0, 1] || group == prefix + [0, 0, 0, 0, 1]
            || group == prefix + [0, 0, 0, 0, 2]
    }

    // MARK: - Which way it took

    private func channel(group: IPAddress) -> LeakChannel? {
        if addresses.lsdGroups.contains(group) { return .lsd }
        return addresses.ssdpGroups.contains(group) ? .upnp : nil
    }

    private func channel(tcp address: IPAddress, _ port: UInt16) -> LeakChannel {
        switch port {
        case LabAddresses.pexPort: return .pex
        case LabAddresses.holepunchPort: return .holepunch
        case LabAddresses.ownPort: return .peerPort
        case 53: return .dns
        default: return channel(host: address) ?? .dials
        }
    }

    private func channel(
        udp address: IPAddress?, from source: UInt16, to target: UInt16, _ payload: [UInt8]
    ) -> LeakChannel {
        if let address, let group = channel(group: address) { return group }
        switch target {
        case 53, 5353, 5355: return channel(query: payload)
        case 1900: return .upnp
        case 5350, 5351: return .natpmp
        case 6771: return .lsd
        default: break
        }
        let looksLikeUTP = payload.count >= 20 && payload[0] & 15 == 1 && payload[0] >> 4 <= 4
        if let address, let named = channel(host: address), !(looksLikeUTP && named == .strangers) {
            return named
        }
        if payload.first == UInt8(ascii: "d") { return .dht }
        return looksLikeUTP ? .utp : .other
    }

    private func channel(host address: IPAddress) -> LeakChannel? {
        switch addresses.host(of: address) {
        case .httpTracker, .udpTracker: .trackers
        case .webSeed, .httpSeed: .webSeeds
        case .dhtNode: .dht
        case .magnetPeer: .magnetPeers
        case .pexPeer: .pex
        case .holepunchPeer: .holepunch
        case .localPeer: .lsd
        case .gateway: .natpmp
        case .stranger: .strangers
        case .resolver: .dns
        case .seed, .member, .gossip, .memberOfAnother, nil: nil
        }
    }

    /// The poison's host names say where they were found.
    private func channel(query payload: [UInt8]) -> LeakChannel {
        guard let name = dnsName(payload), name.hasSuffix(PoisonedTorrent.Outsiders.domain) else {
            return .dns
        }
        return switch name.prefix(while: { $0 != "." }) {
        case "tracker": .trackers
        case "webseed", "httpseed": .webSeeds
        case "node": .nodes
        case "peer": .magnetPeers
        default: .dns
        }
    }

    private func contains(_ payload: [UInt8], _ text: String) -> Bool {
        payload.firstRange(of: Array(text.utf8)) != nil
    }

    private func name(_ address: IPAddress?, _ port: UInt16?) -> String {
        guard let address else { return "nobody" }
        return port.map { "\(SocketEnd(address: address, port: $0))" } ?? "\(address)"
    }
}

import TorrentEngine

#if canImport(Glibc)
    import Glibc
#endif

/// The strangers and the hostile member, who poke at both parties while these share and fetch.
struct LabIntruders: Sendable {
    struct Result: Sendable {
        var strangers = Stranger.Result()
        var gossip = GossipingMember.Result()
    }

    let addresses: LabAddresses
    let plan: LabPlan

    /// The engine dials what it learns up to a second later, and again some seconds after a connection ended.
    private static let watchMilliseconds = 4500

    /// Blocks for as long as it watches.
    func intrude() throws(EngineError) -> Result {
        var result = Result()
        try datagrams()
        for family in 0..<2 {
            for (name, infoHash) in plan.known {
                let door = try door(name, family)
                let knocked = try Stranger(
                    address: addresses[.stranger][family], infoHash: infoHash, patience: 400
                ).knock(at: [door])
                result.strangers.connections += knocked.connections
                result.strangers.unheard += knocked.unheard
                result.strangers.receivedBytes += knocked.receivedBytes
            }
        }
        try datagrams()
        // Both families at once: each is on a thread of its own for as long as it watches.
        let v6 = Locked<Swift.Result<GossipingMember.Result, EngineError>?>(nil)
        let thread = try LoopThread {
            guard v6.withLock({ $0 == nil }) else {
                usleep(10_000)
                return
            }
            let ended = Swift.Result { () throws(EngineError) in try gossip(1) }
            v6.withLock { $0 = ended }
        }
        defer { thread.stop() }
        result.gossip = try gossip(0)
        var other = v6.withLock { $0 }
        for _ in 0..<500 where other == nil {
            usleep(10_000)
            other = v6.withLock { $0 }
        }
        guard let other = try other?.get() else { return result }
        result.gossip.answered += other.answered
        result.gossip.connections += other.connections
        return result
    }

    private func door(_ party: String, _ family: Int) throws(EngineError) -> PeerEndpoint {
        try addresses.endpoints(party == "seed" ? .seed : .member, port: LabAddresses.port)[family]
    }

    private func gossip(_ family: Int) throws(EngineError) -> GossipingMember.Result {
        let other = addresses[.memberOfAnother][family]
        // An outsider; a member of another torrent; and a member of this one, at a port that nobody told us to dial.
        let pex = [
            try PeerEndpoint(address: other, port: LabAddresses.pexPort),
            try PeerEndpoint(address: addresses[.gossip][family], port: LabAddresses.pexPort),
            try addresses.endpoints(.pexPeer)[family],
        ]
        let punched = [
            try PeerEndpoint(address: other, port: LabAddresses.holepunchPort),
            try addresses.endpoints(.holepunchPeer)[family],
        ]
        let own = PeerBytes.extensionHandshake(
            listeningOn: LabAddresses.ownPort, yourIP: addresses[.stranger][family])
        var speeches: [GossipingMember.Speech] = [
            .init(message: PeerBytes.pex(naming: pex)),
            .init(message: PeerBytes.unknownExtension(naming: pex[2])),
            .init(message: PeerBytes.dhtPort(LabAddresses.outsidePort)),
            // Hangs up after a request that is answered: by then the handshake has been read.
            .init(handshake: own, message: PeerBytes.metadataRequest, hangsUp: true),
        ]
        for peer in punched {
            for kind: UInt8 in [0, 1] {
                speeches.append(.init(message: PeerBytes.holepunch(kind, naming: peer)))
            }
        }
        var doors: [GossipingMember.Door] = []
        for (name, infoHash) in plan.known {
            doors.append(.init(endpoint: try door(name, family), infoHash: infoHash))
        }
        return try GossipingMember(address: addresses[.gossip][family], speeches: speeches)
            .gossip(at: doors, for: Self.watchMilliseconds)
    }

    /// Over UDP and by multicast, to whoever would listen.
    private func datagrams() throws(EngineError) {
        for family in 0..<2 {
            for host in [LabAddresses.Host.stranger, .gossip, .dhtNode] {
                let socket = try RawSocket(.udp, at: addresses[host][family])
                for party in ["seed", "member"] {
                    let door = try door(party, family)
                    for bytes in [PeerBytes.utpSyn(), PeerBytes.dhtPing()] { socket.send(bytes, to: door) }
                }
            }
            let local = try RawSocket(.udp, at: addresses[.localPeer][family])
            try local.sendMulticast(through: addresses[.localPeer][family], interface: Lab.bridge)
            let group = addresses.lsdGroups[family]
            let announcement = PeerBytes.localAnnouncement(
                plan.infoHashes, port: LabAddresses.outsidePort, group: "\(group)")
            local.send(announcement, to: try PeerEndpoint(address: group, port: 6771))
            let notice =
                "NOTIFY * HTTP/1.1\r\nNTS: ssdp:alive\r\nNT: urn:schemas-upnp-org:device:InternetGatewayDevice:1\r\n\r\n"
            local.send(
                Array(notice.utf8), to: try PeerEndpoint(address: addresses.ssdpGroups[family], port: 1900))
        }
    }
}

import TorrentEngine

#if canImport(Glibc)
    import Glibc
#endif

/// Listens where every public channel would lead, and counts what arrives.
final class ChannelWatchers: Sendable {
    /// A TCP listener and a UDP socket of the same channel at one address and port.
    struct Spot: Sendable {
        let channel: Channel
        let endpoint: PeerEndpoint
        fileprivate let listener: RawSocket
        fileprivate let datagrams: RawSocket
    }

    /// A multicast group on the loopback interface.
    private struct Group: Sendable {
        let channel: Channel
        let address: IPAddress
        let port: UInt16
        let socket: RawSocket
    }

    private struct State {
        var counts = ChannelCounts()
        var infoHashes: [InfoHash] = []
    }

    let addresses: DemoAddresses
    let table: SocketTableSampler
    private let spots: [Channel: Spot]
    private let groups: [Group]
    private let state = Locked(State())
    private let thread: LoopThread

    init(_ addresses: DemoAddresses) throws(EngineError) {
        self.addresses = addresses
        let places: [(Channel, IPAddress)] = [
            (.httpTracker, addresses.tracker), (.udpTracker, addresses.tracker),
            (.webSeed, addresses.webSeed),
            (.httpSeed, addresses.httpSeed), (.dht, addresses.dhtNode), (.magnetPeer, addresses.magnetPeer),
            (.pex, addresses.gossipedPeer), (.holepunch, addresses.gossipedPeer),
        ]
        var spots: [Channel: Spot] = [:]
        for (channel, address) in places { spots[channel] = try Self.spot(channel, address) }
        self.spots = spots
        groups = [
            try Self.group(.lsd, addresses.lsdGroup, 6771, via: addresses.seed),
            try Self.group(.upnp, addresses.ssdpGroup, 1900, via: addresses.seed),
        ]
        table = try SocketTableSampler()
        let (all, groups, state) = (Array(spots.values), groups, state)
        let sockets = all.flatMap { [$0.listener, $0.datagrams] } + groups.map(\.socket)
        thread = try LoopThread {
            RawSocket.waitReadable(sockets, within: 20)
            for spot in all { Self.count(spot, state) }
            for group in groups { Self.count(group, state) }
        }
    }

    /// Where the channel leads: what the poison names.
    func endpoint(_ channel: Channel) throws(EngineError) -> PeerEndpoint {
        guard let spot = spots[channel] else {
            throw EngineError(.internalFailure, "watch \(channel)", reason: "it has no address")
        }
        return spot.endpoint
    }

    /// Announcements on multicast groups that contain one of these count whoever sent them.
    func watch(for infoHashes: [InfoHash]) { state.withLock { $0.infoHashes = infoHashes } }

    /// What took the channels so far.
    ///
    /// - Parameter parties: Where the parties listen.
    func counts(parties: Set<SocketEnd>) -> ChannelCounts {
        state.withLock { $0.counts } + table.counts(parties: parties, own: addresses.own)
    }

    /// Forgets what was counted.
    func clear() {
        state.withLock { $0.counts = ChannelCounts() }
        table.clear()
    }

    func stop() {
        thread.stop()
        table.stop()
    }

    // MARK: - Making

    private static func spot(_ channel: Channel, _ address: IPAddress) throws(EngineError) -> Spot {
        // The port is the system's choice for TCP; whoever has it for UDP already makes us choose again.
        for _ in 0..<20 {
            let listener = try RawSocket.listening(at: address)
            let endpoint = try listener.boundEndpoint()
            guard let datagrams = try? RawSocket(.udp, at: address, port: endpoint.port) else { continue }
            return Spot(channel: channel, endpoint: endpoint, listener: listener, datagrams: datagrams)
        }
        throw EngineError(.addressInUse, "watch \(channel)", reason: "no free port on \(address)")
    }

    private static func group(
        _ channel: Channel, _ address: IPAddress, _ port: UInt16, via interface: IPAddress
    ) throws(EngineError) -> Group {
        // Bound to the group itself, so that nothing but what is sent there arrives.
        let socket = try RawSocket(.udp, at: address, port: port, sharesPort: true)
        var request = ip_mreq()
        withUnsafeMutableBytes(of: &request.imr_multiaddr) { $0.copyBytes(from: address.bytes) }
        withUnsafeMutableBytes(of: &request.imr_interface) { $0.copyBytes(from: interface.bytes) }
        try socket.set(Int32(IPPROTO_IP), IP_ADD_MEMBERSHIP, request)
        return Group(channel: channel, address: address, port: port, socket: socket)
    }

    // MARK: - Counting

    private static func count(_ spot: Spot, _ state: Locked<State>) {
        while spot.listener.accept() != nil { state.withLock { $0.counts[spot.channel] += 1 } }
        while case .bytes = spot.datagrams.receive() { state.withLock { $0.counts[spot.channel] += 1 } }
    }

    /// Other programs of this machine may use a group with good reason: only what is ours counts.
    private static func count(_ group: Group, _ state: Locked<State>) {
        while true {
            let (received, sender) = group.socket.receiveFrom()
            guard case .bytes(let bytes) = received else { return }
            let isOurs = sender.map { sender in
                SocketTable.sightings().contains { $0.kind == .udp && $0.local?.port == sender.port }
            }
            let text = String(decoding: bytes, as: UTF8.self).lowercased()
            state.withLock { state in
                let namesUs = state.infoHashes.contains { text.contains($0.description) }
                if isOurs == true || namesUs { state.counts[group.channel] += 1 }
            }
        }
    }
}

extension PoisonedTorrent.Outsiders {
    /// The watchers.
    init(_ watchers: ChannelWatchers) throws(EngineError) {
        self.init(
            httpTracker: [try watchers.endpoint(.httpTracker)],
            udpTracker: [try watchers.endpoint(.udpTracker)],
            webSeed: [try watchers.endpoint(.webSeed)], httpSeed: [try watchers.endpoint(.httpSeed)],
            dhtNode: [try watchers.endpoint(.dht)], magnetPeer: [try watchers.endpoint(.magnetPeer)])
    }
}

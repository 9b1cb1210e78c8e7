import TorrentEngine

/// Proves that each watcher sees what it is there for, before anything rests on its silence.
struct WatcherSelfTest: Sendable {
    let watchers: ChannelWatchers

    /// Takes every channel once, sees that it was counted, and sets the counters back.
    ///
    /// Blocks for moments.
    /// Nothing leaves the machine: what goes to port 53 and past the parties goes to a watcher's address.
    func run() throws(EngineError) {
        var held: [RawSocket] = []
        for channel in Channel.allCases {
            held += try take(channel)
        }
        var counts = watchers.counts(parties: [])
        for _ in 0..<200 where counts.used.count < Channel.allCases.count {
            RawSocket.waitReadable([], within: 10)
            counts = watchers.counts(parties: [])
        }
        let blind = Channel.allCases.filter { counts[$0] == 0 }
        guard blind.isEmpty else {
            throw EngineError(
                .unsupported, "watch the channels",
                reason:
                    "on this machine the demo cannot see \(blind.map(\.rawValue).joined(separator: ", "))",
                remedy: "the demo needs the whole loopback network, multicast on it, and /proc")
        }
        held.removeAll()
        // What was sent has arrived and what was open is closed before the count begins again.
        RawSocket.waitReadable([], within: 60)
        watchers.clear()
    }

    private func take(_ channel: Channel) throws(EngineError) -> [RawSocket] {
        let addresses = watchers.addresses
        switch channel {
        case .lsd: return [try datagram(to: addresses.lsdGroup, 6771)]
        case .upnp: return [try datagram(to: addresses.ssdpGroup, 1900)]
        case .dns:
            let socket = try RawSocket(.udp, at: addresses.member)
            _ = socket.connect(to: try PeerEndpoint(address: addresses.tracker, port: 53))
            return [socket]
        case .otherTCP, .httpTracker, .webSeed, .httpSeed, .magnetPeer, .pex, .holepunch:
            let spot = try watchers.endpoint(channel == .otherTCP ? .httpTracker : channel)
            let socket = try RawSocket(.tcp, at: addresses.member)
            return socket.connect(to: spot) ? [socket] : []
        case .otherUDP, .udpTracker, .dht:
            let spot = try watchers.endpoint(channel == .otherUDP ? .udpTracker : channel)
            let socket = try RawSocket(.udp, at: addresses.member)
            socket.send([0], to: spot)
            return [socket]
        }
    }

    private func datagram(to group: IPAddress, _ port: UInt16) throws(EngineError) -> RawSocket {
        let socket = try RawSocket(.udp, at: watchers.addresses.seed)
        try socket.sendMulticast(through: watchers.addresses.seed)
        socket.send([0], to: try PeerEndpoint(address: group, port: port))
        return socket
    }
}

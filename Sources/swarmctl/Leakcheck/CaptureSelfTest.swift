import TorrentEngine

#if canImport(Glibc)
    import Glibc
#endif

/// Takes every channel once from a party's own network, before its engine is there: a capture that does not see that
/// proves nothing by its silence.
struct CaptureSelfTest: Sendable {
    let addresses: LabAddresses
    let capture: PacketCapture
    /// The party's own addresses.
    let own: [IPAddress]

    /// Sends, in the network that the calling thread is in. The sockets are to be kept until ``check(_:)``.
    func send() throws(EngineError) -> [RawSocket] {
        var held: [RawSocket] = []
        for (family, address) in own.enumerated() {
            func dial(
                _ host: LabAddresses.Host, _ port: UInt16 = LabAddresses.outsidePort, saying: [UInt8] = []
            )
                throws(EngineError)
            {
                let socket = try RawSocket(.tcp, at: address)
                _ = socket.connect(to: try addresses.endpoints(host, port: port)[family], within: 500)
                if !saying.isEmpty { socket.send(saying) }
                held.append(socket)
            }
            func datagram(_ bytes: [UInt8], _ host: LabAddresses.Host, _ port: UInt16) throws(EngineError) {
                let socket = try RawSocket(.udp, at: address)
                socket.send(bytes, to: try addresses.endpoints(host, port: port)[family])
            }
            func query(_ label: String, _ domain: String) -> [UInt8] {
                let labels = ([label] + domain.split(separator: ".").map(String.init))
                    .flatMap { [UInt8($0.utf8.count)] + Array($0.utf8) }
                return [0, 1, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0] + labels + [0, 0, 1, 0, 1]
            }
            try dial(.httpTracker)
            try datagram(PeerBytes.random(16), .udpTracker, LabAddresses.outsidePort)
            try dial(.webSeed)
            try dial(.httpSeed)
            try datagram(query("node", PoisonedTorrent.Outsiders.domain), .resolver, 53)
            try datagram(query("www", "example"), .resolver, 53)
            try datagram(PeerBytes.dhtPing(), .dhtNode, LabAddresses.outsidePort)
            try datagram([0, 0], .gateway, 5351)
            try datagram(PeerBytes.utpSyn(), .gossip, LabAddresses.port)
            try datagram([0], .memberOfAnother, 9)
            try dial(.memberOfAnother, LabAddresses.pexPort, saying: [1, 2, 3])
            try dial(.memberOfAnother, LabAddresses.holepunchPort)
            try dial(.gossip, LabAddresses.ownPort)
            try dial(.magnetPeer)
            let local = try RawSocket(.udp, at: address)
            try local.sendMulticast(through: address, interface: "eth0")
            local.send([0], to: try PeerEndpoint(address: addresses.lsdGroups[family], port: 6771))
            local.send([0], to: try PeerEndpoint(address: addresses.ssdpGroups[family], port: 1900))
            held.append(try RawSocket.listening(at: address, port: LabAddresses.port))
        }
        return held
    }

    /// Lets the strangers be answered, from the outside network, and looks whether all was seen.
    func check(_ held: [RawSocket]) throws(EngineError) {
        var callers: [RawSocket] = []
        for (family, address) in own.enumerated() {
            let caller = try RawSocket(.tcp, at: addresses[.stranger][family])
            _ = caller.connect(to: try PeerEndpoint(address: address, port: LabAddresses.port))
            callers.append(caller)
        }
        for socket in held {
            while let accepted = socket.accept() {
                accepted.send([1])
                callers.append(accepted)
            }
        }
        var blind = LeakChannel.allCases
        for _ in 0..<200 where !blind.isEmpty {
            usleep(10_000)
            let seen = capture.seen().leaks
            // Twice: once in each family.
            blind = LeakChannel.allCases.filter { (seen[$0] ?? [:]).values.reduce(0, +) < own.count }
        }
        guard blind.isEmpty else {
            let names = blind.map(\.rawValue).joined(separator: ", ")
            throw EngineError(
                .unsupported, "capture packets", reason: "on this machine the capture does not see \(names)")
        }
    }
}

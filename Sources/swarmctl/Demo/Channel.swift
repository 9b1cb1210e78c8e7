/// A way out of a private swarm.
///
/// Each has something that counts what takes it; the raw value is its name in JSON.
enum Channel: String, CaseIterable, Sendable, Hashable {
    case httpTracker, udpTracker, webSeed, httpSeed, dht, magnetPeer, pex, holepunch, lsd, upnp, dns
    case otherTCP, otherUDP

    /// What the figure counts, and so what it could have seen.
    var explanation: String {
        switch self {
        case .httpTracker: "TCP connections to the tracker that the .torrent and the invite name"
        case .udpTracker: "datagrams to the UDP tracker that they name"
        case .webSeed: "connections to the web seeds that they name (url-list, ws, as, xs)"
        case .httpSeed: "connections to the HTTP seed that the .torrent names (httpseeds)"
        case .dht: "datagrams to the DHT node that they name (nodes, dht)"
        case .magnetPeer: "dials to a peer in the invite's x.pe that is no member"
        case .pex: "dials to the peer that a member names by PEX, and PEX offered or sent to that member"
        case .holepunch: "dials to the peer that a member names by ut_holepunch, and ut_holepunch offered"
        case .lsd: "announcements to 239.192.152.143:6771 on loopback, from this process or with an info-hash"
        case .upnp: "searches to 239.255.255.250:1900 on loopback, from this process"
        case .dns:
            "this process's sockets to port 53 or a local name service, looked at every millisecond or so"
        case .otherTCP: "this process's TCP connections to anything but the parties, looked at as often"
        case .otherUDP: "this process's UDP sockets other than the parties', looked at as often"
        }
    }
}

/// How much took each channel.
struct ChannelCounts: Sendable, Equatable, Encodable {
    private var counts = Dictionary(uniqueKeysWithValues: Channel.allCases.map { ($0, 0) })

    subscript(channel: Channel) -> Int {
        get { counts[channel, default: 0] }
        set { counts[channel] = newValue }
    }

    /// The channels that something took.
    var used: [Channel] { Channel.allCases.filter { self[$0] > 0 } }

    static func + (left: ChannelCounts, right: ChannelCounts) -> ChannelCounts {
        var sum = left
        for channel in Channel.allCases { sum[channel] += right[channel] }
        return sum
    }

    func encode(to encoder: any Encoder) throws {
        let named = counts.map { ($0.key.rawValue, $0.value) }
        try Dictionary(uniqueKeysWithValues: named).encode(to: encoder)
    }
}

import ArgumentParser

/// A way out of a private swarm that the leak check watches; the raw value is its name on the command line and in
/// JSON.
enum LeakChannel: String, CaseIterable, Codable, Sendable, Hashable, ExpressibleByArgument {
    case trackers, webSeeds, nodes, dht, lsd, upnp, natpmp, utp, pex, holepunch, peerPort, magnetPeers
    case dials, strangers, dns, other

    /// What was fed in, so that this way would be taken.
    var poison: String {
        switch self {
        case .trackers: "announce, announce-list, tr: HTTP, UDP, names"
        case .webSeeds: "url-list, httpseeds, ws, as, xs"
        case .nodes: "nodes, dht: addresses and host names"
        case .dht: "pings of a DHT node; its port, from a member"
        case .lsd: "announcements to the local groups"
        case .upnp: "SSDP notices; a group to search in"
        case .natpmp: "a gateway"
        case .utp: "SYNs of members and strangers; whom to dial"
        case .pex: "a member that names peers by ut_pex"
        case .holepunch: "a member that asks for rendezvous and connect"
        case .peerPort: "a member's own p and yourip, after it hung up"
        case .magnetPeers: "x.pe of strangers and host names"
        case .dials: "all of these: bytes to who is dialled unbidden"
        case .strangers: "strangers: plaintext, MSE, garbage, wrong hash"
        case .dns: "all of these: look-ups of any other name"
        case .other: "all of these: anything else"
        }
    }
}

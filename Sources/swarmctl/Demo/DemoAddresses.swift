import TorrentEngine

/// Who is where.
///
/// All of 127.0.0.0/8 is on the loopback interface of a Linux machine.
struct DemoAddresses: Sendable {
    let seed: IPAddress
    let member: IPAddress
    let stranger: IPAddress
    let tracker: IPAddress
    let webSeed: IPAddress
    let httpSeed: IPAddress
    let dhtNode: IPAddress
    let gossipedPeer: IPAddress
    let magnetPeer: IPAddress
    /// A member that behaves as no member should.
    let gossip: IPAddress
    let lsdGroup: IPAddress
    let ssdpGroup: IPAddress

    init() throws(EngineError) {
        seed = try IPAddress(parsing: "127.0.0.1")
        member = try IPAddress(parsing: "127.0.0.2")
        stranger = try IPAddress(parsing: "127.0.0.3")
        tracker = try IPAddress(parsing: "127.0.0.4")
        webSeed = try IPAddress(parsing: "127.0.0.5")
        httpSeed = try IPAddress(parsing: "127.0.0.6")
        dhtNode = try IPAddress(parsing: "127.0.0.7")
        gossipedPeer = try IPAddress(parsing: "127.0.0.8")
        magnetPeer = try IPAddress(parsing: "127.0.0.9")
        gossip = try IPAddress(parsing: "127.0.0.10")
        lsdGroup = try IPAddress(parsing: "239.192.152.143")
        ssdpGroup = try IPAddress(parsing: "239.255.255.250")
    }

    /// What the demo's own sockets, and no engine's, are bound to.
    var own: Set<IPAddress> {
        [
            stranger, tracker, webSeed, httpSeed, dhtNode, gossipedPeer, magnetPeer, gossip, lsdGroup,
            ssdpGroup,
        ]
    }
}

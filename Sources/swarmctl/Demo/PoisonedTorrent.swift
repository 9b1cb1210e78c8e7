import TorrentEngine

/// A torrent and an invite that name a way out for every public channel: what a hostile or careless copy looks like.
///
/// The info dictionary, and so the info-hash, is untouched.
struct PoisonedTorrent: Sendable {
    /// Whom the poison names: watchers, and host names that nobody can have (RFC 2606 §2).
    struct Outsiders: Sendable {
        let httpTracker, udpTracker, webSeed, httpSeed, dhtNode, magnetPeer: PeerEndpoint

        init(_ watchers: ChannelWatchers) throws(EngineError) {
            httpTracker = try watchers.endpoint(.httpTracker)
            udpTracker = try watchers.endpoint(.udpTracker)
            webSeed = try watchers.endpoint(.webSeed)
            httpSeed = try watchers.endpoint(.httpSeed)
            dhtNode = try watchers.endpoint(.dht)
            magnetPeer = try watchers.endpoint(.magnetPeer)
        }

        fileprivate var trackers: [String] {
            [
                "http://\(httpTracker)/announce", "udp://\(udpTracker)/announce",
                "http://tracker.demo.invalid/announce",
            ]
        }
        fileprivate var webSeeds: [String] { ["http://\(webSeed)/", "http://webseed.demo.invalid/"] }
        fileprivate var httpSeeds: [String] { ["http://\(httpSeed)/seed"] }
        fileprivate var nodes: [(host: String, port: UInt16)] {
            [(dhtNode.address.description, dhtNode.port), ("node.demo.invalid", 6881)]
        }
    }

    let outsiders: Outsiders

    /// The `.torrent` with trackers, web seeds, HTTP seeds and DHT nodes (BEP 3, 5, 12, 17, 19).
    func torrent(_ metainfo: Metainfo) -> [UInt8] {
        // "d4:info…e": the dictionary to the byte, and nothing else.
        let info = metainfo.sanitisedTorrent.dropFirst("d4:info".utf8.count).dropLast()
        let trackers = outsiders.trackers
        let nodes = outsiders.nodes.map { "l\(Self.string($0.host))i\($0.port)ee" }.joined()
        var out = Array("d8:announce\(Self.string(trackers[0]))13:announce-listl".utf8)
        out += Array(trackers.map { "l\(Self.string($0))e" }.joined().utf8)
        out += Array("e9:httpseedsl\(outsiders.httpSeeds.map(Self.string).joined())e4:info".utf8)
        out += info
        out += Array("5:nodesl\(nodes)e8:url-listl\(outsiders.webSeeds.map(Self.string).joined())ee".utf8)
        return out
    }

    /// The invite with trackers, web seeds, sources, DHT nodes and a peer that is no member (BEP 9).
    func invite(_ link: MagnetLink, webSeedName: String) -> String {
        var out = link.description
        for tracker in outsiders.trackers { out += "&tr=\(tracker)" }
        for key in ["ws", "as", "xs"] { out += "&\(key)=http://\(outsiders.webSeed)/\(webSeedName)" }
        for node in outsiders.nodes { out += "&dht=\(node.host):\(node.port)" }
        return out + "&x.pe=\(outsiders.magnetPeer)&x.pe=peer.demo.invalid:6881"
    }

    private static func string(_ text: String) -> String { "\(text.utf8.count):\(text)" }
}

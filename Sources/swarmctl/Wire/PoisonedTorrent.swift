import TorrentEngine

/// A torrent and an invite that name a way out for every public channel: what a hostile or careless copy looks like.
///
/// The info dictionary, and so the info-hash, is untouched.
struct PoisonedTorrent: Sendable {
    /// Whom the poison names: watchers, and host names that nobody can have (RFC 2606 §2).
    struct Outsiders: Sendable {
        /// The domain of the host names.
        static let domain = "demo.invalid"

        var httpTracker, udpTracker, webSeed, httpSeed, dhtNode, magnetPeer: [PeerEndpoint]

        fileprivate var trackers: [String] {
            httpTracker.map { "http://\($0)/announce" } + udpTracker.map { "udp://\($0)/announce" }
                + ["http://tracker.\(Self.domain)/announce", "udp://tracker.\(Self.domain):6969/announce"]
        }
        fileprivate var webSeeds: [String] {
            webSeed.map { "http://\($0)/" } + ["http://webseed.\(Self.domain)/"]
        }
        fileprivate var httpSeeds: [String] {
            httpSeed.map { "http://\($0)/seed" } + ["http://httpseed.\(Self.domain)/seed"]
        }
        fileprivate var nodes: [(host: String, port: UInt16)] {
            dhtNode.map { ($0.address.description, $0.port) } + [("node.\(Self.domain)", 6881)]
        }
    }

    let outsiders: Outsiders

    /// The `.torrent` with trackers, web seeds, HTTP seeds, DHT nodes, and torrents that are to share its files
    /// (BEP 3, 5, 12, 17, 19, 38).
    func torrent(_ metainfo: Metainfo) -> [UInt8] {
        // "d4:info…e": the dictionary to the byte, and nothing else.
        let info = metainfo.sanitisedTorrent.dropFirst("d4:info".utf8.count).dropLast()
        let trackers = outsiders.trackers
        let nodes = outsiders.nodes.map { "l\(Self.string($0.host))i\($0.port)ee" }.joined()
        var out = Array("d8:announce\(Self.string(trackers[0]))13:announce-listl".utf8)
        out += Array(trackers.map { "l\(Self.string($0))e" }.joined().utf8)
        out += Array(
            "e11:collectionsl4:demoe9:httpseedsl\(outsiders.httpSeeds.map(Self.string).joined())e4:info".utf8)
        out += info
        out += Array("5:nodesl\(nodes)e7:similarl20:".utf8)
        out += PeerBytes.random(20)
        out += Array("e8:url-listl\(outsiders.webSeeds.map(Self.string).joined())ee".utf8)
        return out
    }

    /// The invite with trackers, web seeds, sources, DHT nodes and a peer that is no member (BEP 9).
    func invite(_ link: MagnetLink, webSeedName: String) -> String {
        var out = link.description
        for tracker in outsiders.trackers { out += "&tr=\(tracker)" }
        for key in ["ws", "as", "xs"] {
            for seed in outsiders.webSeeds { out += "&\(key)=\(seed)\(webSeedName)" }
        }
        for node in outsiders.nodes { out += "&dht=\(node.host):\(node.port)" }
        for peer in outsiders.magnetPeer { out += "&x.pe=\(peer)" }
        return out + "&x.pe=peer.\(Self.Outsiders.domain):6881"
    }

    private static func string(_ text: String) -> String { "\(text.utf8.count):\(text)" }
}

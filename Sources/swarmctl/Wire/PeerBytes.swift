import TorrentEngine

/// Bytes of the BitTorrent protocol, as a raw peer writes them.
enum PeerBytes {
    /// The messages of ours that a peer may send, by the IDs that libtorrent gives them (BEP 10 lets it choose).
    enum ExtensionID {
        static let handshake: UInt8 = 0
        static let pex: UInt8 = 1
        static let metadata: UInt8 = 2
        static let holepunch: UInt8 = 4
    }

    /// Bytes of BEP 3's handshake.
    static let handshakeLength = 68

    /// BEP 3's handshake, with BEP 10's bit.
    static func handshake(_ infoHash: [UInt8]) -> [UInt8] {
        [19] + Array("BitTorrent protocol".utf8) + [0, 0, 0, 0, 0, 0x10, 0, 0] + infoHash
            + Array("-DE0001-".utf8) + random(12)
    }

    /// BEP 10's handshake of one who speaks PEX (BEP 11), ut_metadata (BEP 9) and ut_holepunch (BEP 55).
    static var extensionHandshake: [UInt8] {
        extended(ExtensionID.handshake, "d1:md12:ut_holepunchi4e11:ut_metadatai2e6:ut_pexi1eee")
    }

    /// The same of one who says that it listens on another port (`p`), and that we are somebody else (`yourip`).
    static func extensionHandshake(listeningOn port: UInt16, yourIP: IPAddress) -> [UInt8] {
        let text = "d1:md12:ut_holepunchi4e11:ut_metadatai2e6:ut_pexi1ee1:pi\(port)e6:yourip"
        return extended(
            ExtensionID.handshake,
            Array("\(text)\(yourIP.bytes.count):".utf8) + yourIP.bytes + Array("e".utf8))
    }

    /// A request for the first block of the info dictionary (BEP 9).
    static var metadataRequest: [UInt8] { extended(ExtensionID.metadata, "d8:msg_typei0e5:piecei0ee") }

    /// "There is a peer", by PEX.
    static func pex(naming peers: [PeerEndpoint]) -> [UInt8] {
        let (v4, v6) = (peers.filter { $0.address.family == .v4 }, peers.filter { $0.address.family == .v6 })
        let list: (String, [PeerEndpoint]) -> [UInt8] = { key, peers in
            guard !peers.isEmpty else { return [] }
            let bytes = peers.flatMap(compact)
            // Of each: it prefers encryption, is reachable, and is no seed.
            let flags = [UInt8](repeating: 0x11, count: peers.count)
            return Array("\(key.utf8.count):\(key)\(bytes.count):".utf8) + bytes
                + Array("\(key.utf8.count + 2):\(key).f\(flags.count):".utf8) + flags
        }
        return extended(
            ExtensionID.pex, Array("d".utf8) + list("added", v4) + list("added6", v6) + Array("e".utf8))
    }

    /// "Connect to that peer now" (1), or "make that peer connect to me" (0), by ut_holepunch.
    static func holepunch(_ kind: UInt8 = 1, naming peer: PeerEndpoint) -> [UInt8] {
        let family: UInt8 = peer.address.family == .v4 ? 0 : 1
        return extended(ExtensionID.holepunch, [kind, family] + compact(peer) + [0, 0, 0, 0])
    }

    /// A message of an extension that nobody offered.
    static func unknownExtension(naming peer: PeerEndpoint) -> [UInt8] {
        let bytes = compact(peer)
        return extended(99, Array("d4:peer\(bytes.count):".utf8) + bytes + Array("e".utf8))
    }

    /// "My DHT node is at that port" (BEP 5).
    static func dhtPort(_ port: UInt16) -> [UInt8] {
        [0, 0, 0, 3, 9] + withUnsafeBytes(of: port.bigEndian) { Array($0) }
    }

    /// A query of one who has a DHT node (BEP 5).
    static func dhtPing() -> [UInt8] {
        Array("d1:ad2:id20:".utf8) + random(20) + Array("e1:q4:ping1:t2:aa1:y1:qe".utf8)
    }

    /// "I have that torrent, at that port", by local discovery (BEP 14).
    static func localAnnouncement(_ infoHashes: [InfoHash], port: UInt16, group: String) -> [UInt8] {
        let hashes = infoHashes.map { "Infohash: \($0)\r\n" }.joined()
        return Array("BT-SEARCH * HTTP/1.1\r\nHost: \(group):6771\r\nPort: \(port)\r\n\(hashes)\r\n\r\n".utf8)
    }

    /// The first message of an MSE handshake: a Diffie-Hellman key, which any 96 bytes are, and padding.
    static func obfuscatedHandshake() -> [UInt8] { random(96 + Int.random(in: 0...512)) }

    /// A uTP packet that opens a connection (BEP 29).
    static func utpSyn() -> [UInt8] {
        [0x41, 0] + random(2) + [0, 0, 0, 1, 0, 0, 0, 0, 0, 0x10, 0, 0, 0, 1, 0, 0]
    }

    static func random(_ count: Int) -> [UInt8] {
        var generator = SystemRandomNumberGenerator()
        return (0..<count).map { _ in UInt8.random(in: .min ... .max, using: &generator) }
    }

    private static func extended(_ id: UInt8, _ text: String) -> [UInt8] { extended(id, Array(text.utf8)) }

    private static func extended(_ id: UInt8, _ payload: [UInt8]) -> [UInt8] {
        let length = UInt32(payload.count + 2)
        return withUnsafeBytes(of: length.bigEndian) { Array($0) } + [20, id] + payload
    }

    private static func compact(_ peer: PeerEndpoint) -> [UInt8] {
        peer.address.bytes + withUnsafeBytes(of: peer.port.bigEndian) { Array($0) }
    }
}

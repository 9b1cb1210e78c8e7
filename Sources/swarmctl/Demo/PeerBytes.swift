import TorrentEngine

/// Bytes of the BitTorrent protocol, as a raw peer writes them.
enum PeerBytes {
    /// The messages of ours that a peer may send, by the IDs that libtorrent gives them (BEP 10 lets it choose).
    private enum ExtensionID {
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

    /// A request for the first block of the info dictionary (BEP 9).
    static var metadataRequest: [UInt8] { extended(ExtensionID.metadata, "d8:msg_typei0e5:piecei0ee") }

    /// "There is a peer", by PEX.
    static func pex(naming peer: PeerEndpoint) -> [UInt8] {
        extended(
            ExtensionID.pex, Array("d5:added6:".utf8) + compact(peer) + Array("7:added.f1:".utf8) + [0, 0x65])
    }

    /// "Connect to that peer now", by ut_holepunch.
    static func holepunch(naming peer: PeerEndpoint) -> [UInt8] {
        extended(ExtensionID.holepunch, [1, 0] + compact(peer) + [0, 0, 0, 0])
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

import TorrentEngine

/// A member made of a bare socket that asks for blocks (BEP 3) and keeps every byte of content that it gets.
/// Blocks: use it through ``onThread(_:)``.
final class BlockReader: Sendable {
    static let blockLength = 16384
    private let peer: RawPeer
    private let pieceLength: Int

    /// Connects, says that it is interested, and waits to be unchoked.
    init?(of torrent: Torrent, pieceLength: Int, from source: String, at endpoint: PeerEndpoint) throws {
        self.pieceLength = pieceLength
        peer = try RawPeer(from: source, to: endpoint)
        peer.send(RawPeer.handshake(torrent.infoHash) + [0, 0, 0, 1, 2])
        guard peer.receive(68).count == 68 else { return nil }
        while true {
            guard let message = next() else { return nil }
            if message.first == 1 { return }
        }
    }

    /// The block at that offset of the content, or nil where the seed refuses or closes.
    func block(at offset: Int, length: Int = blockLength) -> [UInt8]? {
        let request: [UInt8] = [offset / pieceLength, offset % pieceLength, length].flatMap(Self.bytes)
        peer.send(Self.bytes(13) + [6] + request)
        while let message = next() {
            if message.first == 7, message.count == 9 + length, message[1..<9] == request[..<8] {
                return Array(message[9...])
            }
            // Choke and Reject (BEP 6).
            if message.first == 0 || message.first == 16 { return nil }
        }
        return nil
    }

    /// Every block of the content for as long as they come, a hole where one was refused.
    func all(of size: Int) -> [[UInt8]?] {
        stride(from: 0, to: size, by: Self.blockLength).map {
            block(at: $0, length: min(Self.blockLength, size - $0))
        }
    }

    private func next() -> [UInt8]? {
        let header = peer.receive(4)
        guard header.count == 4 else { return nil }
        let length = header.reduce(0) { $0 << 8 | Int($1) }
        let message = peer.receive(length)
        return message.count == length ? message : nil
    }

    private static func bytes(_ number: Int) -> [UInt8] {
        (0..<4).map { UInt8(truncatingIfNeeded: number >> (24 - 8 * $0)) }
    }
}

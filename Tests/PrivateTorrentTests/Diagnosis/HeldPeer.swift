import Glibc
import TorrentEngine

@testable import PrivateTorrent

/// A member made of a bare socket: says what it is told to at once, and nothing after that, until it goes.
final class HeldPeer: Sendable {
    private let descriptor: Int32

    /// Dials from an address of ours, with the handshake of BEP 3, which says nothing of extensions.
    init(
        from source: String, to endpoint: PeerEndpoint, _ infoHash: InfoHash, saying messages: [[UInt8]]
    ) throws {
        descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var local = try Self.address(source, port: 0)
        var remote = try Self.address(endpoint.address.description, port: endpoint.port)
        guard Self.with(&local, { Glibc.bind(descriptor, $0, $1) }) == 0,
            Self.with(&remote, { Glibc.connect(descriptor, $0, $1) }) == 0
        else { throw EngineError(.network, "dial", reason: "errno \(errno)", systemErrno: errno) }
        let handshake =
            [19] + Array("BitTorrent protocol".utf8) + [UInt8](repeating: 0, count: 8) + infoHash.bytes
            + Array("-XX0000-000000000000".utf8)
        let bytes = handshake + messages.flatMap { Self.message($0) }
        _ = bytes.withUnsafeBytes { Glibc.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
    }

    deinit { close(descriptor) }

    /// That every piece is there.
    static func bitfield(_ pieces: Int) -> [UInt8] { [5] + [UInt8].allPieces(pieces) }
    static let unchoke: [UInt8] = [1]

    private static func message(_ body: [UInt8]) -> [UInt8] {
        [0, 0, UInt8(body.count >> 8), UInt8(body.count & 0xff)] + body
    }

    static func address(_ text: String, port: UInt16) throws -> sockaddr_in {
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        let bytes = try IPAddress(parsing: text).bytes
        withUnsafeMutableBytes(of: &address.sin_addr) { $0.copyBytes(from: bytes) }
        return address
    }

    static func with(
        _ address: inout sockaddr_in, _ body: (UnsafePointer<sockaddr>, socklen_t) -> Int32
    ) -> Int32 {
        withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                body($0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
    }
}

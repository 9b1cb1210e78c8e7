import Glibc
import TorrentEngine

@testable import PrivateTorrent

/// Listens and says nothing; counts who comes.
final class SilentListener: Sendable {
    private let descriptor: Int32
    let endpoint: PeerEndpoint
    private let taken = Locked<[Int32]>([])

    init(_ address: String, backlog: Int32 = 8) throws {
        let socket = Glibc.socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_NONBLOCK.rawValue), 0)
        descriptor = socket
        var local = try HeldPeer.address(address, port: 0)
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let isBound =
            HeldPeer.with(&local) { Glibc.bind(socket, $0, $1) == 0 ? listen(socket, backlog) : -1 } == 0
        _ = withUnsafeMutablePointer(to: &local) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { getsockname(socket, $0, &length) }
        }
        endpoint = try PeerEndpoint(
            address: IPAddress(parsing: address), port: UInt16(bigEndian: local.sin_port))
        guard isBound else {
            throw EngineError(.network, "listen", reason: "errno \(errno)", systemErrno: errno)
        }
    }

    /// How many have come so far.
    func accepted() -> Int {
        taken.withLock { taken in
            while case let next = accept(descriptor, nil, nil), next >= 0 { taken.append(next) }
            return taken.count
        }
    }

    deinit {
        close(descriptor)
        for connection in taken.withLock({ $0 }) { close(connection) }
    }
}

/// Listens with a queue that is full, so that the kernel drops every SYN: a connection attempt is not answered.
final class FullListener: Sendable {
    private let listener: SilentListener
    private let queued: [Int32]
    var endpoint: PeerEndpoint { listener.endpoint }

    init(_ address: String) throws {
        listener = try SilentListener(address, backlog: 0)
        var remote = try HeldPeer.address(address, port: listener.endpoint.port)
        var queued: [Int32] = []
        // One fits in; the others show that no more does.
        for _ in 0..<3 {
            let socket = Glibc.socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_NONBLOCK.rawValue), 0)
            queued.append(socket)
            let answer = HeldPeer.with(&remote) { Glibc.connect(socket, $0, $1) }
            guard answer == 0 || errno == EINPROGRESS else {
                throw EngineError(.network, "fill the queue", reason: "errno \(errno)", systemErrno: errno)
            }
        }
        self.queued = queued
    }

    deinit { for socket in queued { close(socket) } }
}

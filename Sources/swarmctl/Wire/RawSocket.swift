import TorrentEngine

#if canImport(Glibc)
    import Glibc
#endif

/// A socket of our own, and no engine's: it never blocks, and closes with the object.
final class RawSocket: Sendable {
    enum Kind: Sendable { case tcp, udp }

    /// What a read gave.
    enum Received: Sendable, Equatable {
        case bytes([UInt8])
        case nothingYet
        case closed
    }

    let descriptor: Int32

    private init(owning descriptor: Int32) { self.descriptor = descriptor }

    deinit { close(descriptor) }

    /// Makes a socket that is bound to an address; port 0 lets the system choose one.
    convenience init(
        _ kind: Kind, at address: IPAddress, port: UInt16 = 0, sharesPort: Bool = false
    ) throws(EngineError) {
        let type = Int32((kind == .tcp ? SOCK_STREAM : SOCK_DGRAM).rawValue)
        let flags = Int32(SOCK_NONBLOCK.rawValue | SOCK_CLOEXEC.rawValue)
        let made = socket(address.family == .v4 ? AF_INET : AF_INET6, type | flags, 0)
        guard made >= 0 else { throw EngineError(socketErrno: errno, "open a socket") }
        self.init(owning: made)
        if sharesPort { try set(SOL_SOCKET, SO_REUSEADDR, Int32(1)) }
        let result = Self.withSockaddr(address, port) { bind(made, $0, $1) }
        guard result == 0 else { throw EngineError(socketErrno: errno, "bind to \(address):\(port)") }
    }

    /// A listening TCP socket; port 0 lets the system choose one.
    static func listening(at address: IPAddress, port: UInt16 = 0) throws(EngineError) -> RawSocket {
        let socket = try RawSocket(.tcp, at: address, port: port)
        guard listen(socket.descriptor, 64) == 0 else {
            throw EngineError(socketErrno: errno, "listen on \(address)")
        }
        return socket
    }

    /// Where it is bound.
    func boundEndpoint() throws(EngineError) -> PeerEndpoint {
        guard let end = SocketEnd.local(of: descriptor) else {
            throw EngineError(socketErrno: errno, "ask where a socket is bound")
        }
        return try PeerEndpoint(address: end.address, port: end.port)
    }

    func set<Value: BitwiseCopyable>(_ level: Int32, _ option: Int32, _ value: Value) throws(EngineError) {
        let result = withUnsafeBytes(of: value) {
            setsockopt(descriptor, level, option, $0.baseAddress, socklen_t($0.count))
        }
        guard result == 0 else { throw EngineError(socketErrno: errno, "set a socket option") }
    }

    /// What is sent to a multicast group leaves through the interface that has `address`.
    ///
    /// - Parameter name: Of the interface; IPv6 asks for that.
    func sendMulticast(through address: IPAddress, interface name: String? = nil) throws(EngineError) {
        if address.family == .v6 {
            return try set(Int32(IPPROTO_IPV6), IPV6_MULTICAST_IF, name.map { if_nametoindex($0) } ?? 0)
        }
        var interface = in_addr()
        withUnsafeMutableBytes(of: &interface) { $0.copyBytes(from: address.bytes.prefix(4)) }
        try set(Int32(IPPROTO_IP), IP_MULTICAST_IF, interface)
    }

    /// Takes a connection that waits; nil where none does.
    func accept() -> RawSocket? {
        let accepted = Glibc.accept(descriptor, nil, nil)
        guard accepted >= 0 else { return nil }
        _ = fcntl(accepted, F_SETFL, O_NONBLOCK)
        _ = fcntl(accepted, F_SETFD, FD_CLOEXEC)
        return RawSocket(owning: accepted)
    }

    /// Connects, within about `milliseconds`.
    ///
    /// Blocks that long.
    func connect(to endpoint: PeerEndpoint, within milliseconds: Int32 = 1000) -> Bool {
        let result = Self.withSockaddr(endpoint.address, endpoint.port) { Glibc.connect(descriptor, $0, $1) }
        if result == 0 { return true }
        guard errno == EINPROGRESS else { return false }
        var waiting = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
        guard poll(&waiting, 1, milliseconds) == 1 else { return false }
        return SocketEnd.remote(of: descriptor) != nil
    }

    /// Sends what fits into the kernel's buffer; to `endpoint`, where the socket is not connected.
    @discardableResult
    func send(_ bytes: [UInt8], to endpoint: PeerEndpoint? = nil) -> Bool {
        let count = bytes.withUnsafeBytes { buffer in
            guard let endpoint else {
                return Glibc.send(descriptor, buffer.baseAddress, buffer.count, Int32(MSG_NOSIGNAL))
            }
            return Self.withSockaddr(endpoint.address, endpoint.port) {
                sendto(descriptor, buffer.baseAddress, buffer.count, 0, $0, $1)
            }
        }
        return count == bytes.count
    }

    /// Reads what is there.
    func receive() -> Received { receiveFrom().0 }

    /// Reads what is there, and says who sent it where that is a datagram.
    func receiveFrom() -> (Received, SocketEnd?) {
        var buffer = [UInt8](repeating: 0, count: 65_536)
        var from = sockaddr_storage()
        var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
        let count = withUnsafeMutablePointer(to: &from) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
                recvfrom(descriptor, &buffer, buffer.count, 0, address, &length)
            }
        }
        if count < 0 { return (errno == EAGAIN || errno == EINTR ? .nothingYet : .closed, nil) }
        let sender = length > 0 ? withUnsafeBytes(of: &from) { SocketEnd(reading: $0) } : nil
        // An empty datagram is a datagram; an empty read of a stream is its end.
        return (count == 0 && sender == nil ? .closed : .bytes(Array(buffer.prefix(count))), sender)
    }

    /// Waits until one of the sockets can be read, at most about `milliseconds`.
    static func waitReadable(_ sockets: [RawSocket], within milliseconds: Int32) {
        var waiting = sockets.map { pollfd(fd: $0.descriptor, events: Int16(POLLIN), revents: 0) }
        _ = poll(&waiting, nfds_t(waiting.count), milliseconds)
    }

    private static func withSockaddr<Result>(
        _ address: IPAddress, _ port: UInt16, _ body: (UnsafePointer<sockaddr>, socklen_t) -> Result
    ) -> Result {
        guard address.family == .v4 else {
            var native = sockaddr_in6()
            native.sin6_family = sa_family_t(AF_INET6)
            native.sin6_port = port.bigEndian
            withUnsafeMutableBytes(of: &native.sin6_addr) { $0.copyBytes(from: address.bytes.prefix(16)) }
            return pass(native, body)
        }
        var native = sockaddr_in()
        native.sin_family = sa_family_t(AF_INET)
        native.sin_port = port.bigEndian
        withUnsafeMutableBytes(of: &native.sin_addr) { $0.copyBytes(from: address.bytes.prefix(4)) }
        return pass(native, body)
    }

    private static func pass<Native, Result>(
        _ native: Native, _ body: (UnsafePointer<sockaddr>, socklen_t) -> Result
    ) -> Result {
        withUnsafePointer(to: native) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                body($0, socklen_t(MemoryLayout<Native>.size))
            }
        }
    }
}

extension EngineError {
    /// A failed call on a socket of our own.
    init(socketErrno code: Int32, _ operation: String) {
        self.init(
            .network, operation, reason: String(cString: strerror(code)),
            remedy: "swarmctl demo needs the addresses 127.0.0.1 to 127.0.0.10 of this machine's loopback",
            systemErrno: code)
    }
}

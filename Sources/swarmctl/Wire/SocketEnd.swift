import TorrentEngine

#if canImport(Glibc)
    import Glibc
#endif

/// One end of a socket.
///
/// Unlike a `PeerEndpoint` it may have port 0: not bound yet.
struct SocketEnd: Sendable, Hashable, CustomStringConvertible {
    let address: IPAddress
    let port: UInt16

    init(address: IPAddress, port: UInt16) {
        self.address = address
        self.port = port
    }

    init(_ endpoint: PeerEndpoint) {
        address = endpoint.address
        port = endpoint.port
    }

    init?(_ native: sockaddr_in) {
        guard native.sin_family == sa_family_t(AF_INET) else { return nil }
        guard let address = withUnsafeBytes(of: native.sin_addr, { IPAddress(bytes: $0) }) else { return nil }
        self.address = address
        port = UInt16(bigEndian: native.sin_port)
    }

    init?(_ native: sockaddr_in6) {
        guard native.sin6_family == sa_family_t(AF_INET6) else { return nil }
        guard let address = withUnsafeBytes(of: native.sin6_addr, { IPAddress(bytes: $0) }) else {
            return nil
        }
        self.address = address
        port = UInt16(bigEndian: native.sin6_port)
    }

    /// Reads what the kernel filled in: a `sockaddr_storage`; nil where it is of neither family.
    init?(reading buffer: UnsafeRawBufferPointer) {
        switch Self.family(buffer) {
        case AF_INET: self.init(buffer.loadUnaligned(as: sockaddr_in.self))
        case AF_INET6: self.init(buffer.loadUnaligned(as: sockaddr_in6.self))
        default: return nil
        }
    }

    var description: String { address.family == .v4 ? "\(address):\(port)" : "[\(address)]:\(port)" }

    /// Where the socket is bound; nil for what is no IP socket.
    static func local(of descriptor: Int32) -> SocketEnd? { end(descriptor, getsockname) }

    /// Where the socket is connected to; nil where it is not.
    static func remote(of descriptor: Int32) -> SocketEnd? { end(descriptor, getpeername) }

    /// The name of the Unix socket that this one is connected to; nil for any other.
    static func unixPeer(of descriptor: Int32) -> String? {
        withName(descriptor, getpeername) { buffer, length in
            let path = buffer.prefix(length).dropFirst(MemoryLayout<sa_family_t>.size)
            guard family(buffer) == AF_UNIX, !path.isEmpty else { return nil }
            return String(decoding: path.drop { $0 == 0 }.prefix { $0 != 0 }, as: UTF8.self)
        }
    }

    private typealias Getter = (Int32, UnsafeMutablePointer<sockaddr>, UnsafeMutablePointer<socklen_t>) ->
        Int32

    private static func end(_ descriptor: Int32, _ get: Getter) -> SocketEnd? {
        withName(descriptor, get) { buffer, _ in SocketEnd(reading: buffer) }
    }

    private static func family(_ buffer: UnsafeRawBufferPointer) -> Int32 {
        Int32(buffer.loadUnaligned(as: sa_family_t.self))
    }

    private static func withName<Result>(
        _ descriptor: Int32, _ get: Getter, _ body: (UnsafeRawBufferPointer, Int) -> Result?
    ) -> Result? {
        var storage = sockaddr_storage()
        var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
        let result = withUnsafeMutablePointer(to: &storage) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { get(descriptor, $0, &length) }
        }
        guard result == 0 else { return nil }
        return withUnsafeBytes(of: &storage) { body($0, Int(length)) }
    }
}

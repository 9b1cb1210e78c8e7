import Glibc
import TorrentEngine

/// A peer made of a bare socket: says exactly what a test tells it to, and counts what comes back. Blocks: call it
/// on a thread of its own, through ``onThread(_:)``.
final class RawPeer: Sendable {
    private let descriptor: Int32

    /// Dials from an address of ours.
    ///
    /// - Parameters:
    ///   - port: To dial from; 0 leaves that to the kernel.
    ///   - buffer: Bytes that the kernel takes for it, as long as it reads none; 0 leaves that to the kernel.
    ///   - seconds: How long to wait for bytes before there are none.
    init(
        from source: String, port: UInt16 = 0, to endpoint: PeerEndpoint,
        receiveBuffer buffer: Int32 = 0, patience seconds: Int = 5
    ) throws {
        descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        if buffer > 0 {
            var size = buffer
            setsockopt(descriptor, SOL_SOCKET, SO_RCVBUF, &size, socklen_t(MemoryLayout<Int32>.size))
        }
        if port != 0 {
            // Another connection from that port, to another listener, may stand.
            var reuse: Int32 = 1
            setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &reuse, socklen_t(MemoryLayout<Int32>.size))
        }
        var address = try Self.address(PeerEndpoint(address: IPAddress(parsing: source), port: 1))
        address.sin_port = port.bigEndian
        try Self.check(Self.with(&address) { Glibc.bind(descriptor, $0, $1) }, "bind")
        var remote = try Self.address(endpoint)
        try Self.check(Self.with(&remote) { Glibc.connect(descriptor, $0, $1) }, "connect")
        var patience = timeval(tv_sec: seconds, tv_usec: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &patience, socklen_t(MemoryLayout<timeval>.size))
    }

    deinit { close(descriptor) }

    func send(_ bytes: [UInt8]) {
        var rest = bytes[...]
        while !rest.isEmpty {
            let sent = rest.withUnsafeBytes {
                Glibc.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
            }
            guard sent > 0 else { return }
            rest = rest.dropFirst(sent)
        }
    }

    /// Up to that many bytes; fewer where the other side closed or said nothing for five seconds.
    func receive(_ count: Int) -> [UInt8] {
        var out: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 65536)
        while out.count < count {
            let got = recv(descriptor, &buffer, min(buffer.count, count - out.count), 0)
            guard got > 0 else { break }
            out += buffer[..<got]
        }
        return out
    }

    /// How many bytes wait to be read, left there.
    func waiting() -> Int {
        var buffer = [UInt8](repeating: 0, count: 1 << 20)
        return max(
            0, recv(descriptor, &buffer, buffer.count, Int32(MSG_PEEK) | Int32(MSG_DONTWAIT)))
    }

    /// One length-prefixed message (BEP 3).
    func receiveMessage() -> [UInt8] { receive(receive(4).reduce(0) { $0 << 8 | Int($1) }) }

    /// All that comes until the other side closes; nil where it did not within five seconds.
    func receiveToEnd() -> [UInt8]? {
        var out: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 65536)
        while true {
            let got = recv(descriptor, &buffer, buffer.count, 0)
            if got == 0 || (got < 0 && errno == ECONNRESET) { return out }
            guard got > 0 else { return nil }
            out += buffer[..<got]
        }
    }

    /// A copy of the descriptor that this process has of the connection's other end, which is an engine's of it; once it
    /// has one. The caller's to close.
    func copyOfOtherEnd() -> Int32 {
        func endpoint(
            _ number: Int32,
            _ name: (Int32, UnsafeMutablePointer<sockaddr>, UnsafeMutablePointer<socklen_t>) -> Int32
        ) -> [UInt32]? {
            var address = sockaddr_in()
            var length = socklen_t(MemoryLayout<sockaddr_in>.size)
            let code = withUnsafeMutablePointer(to: &address) {
                $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { name(number, $0, &length) }
            }
            return code == 0 ? [address.sin_addr.s_addr, UInt32(address.sin_port)] : nil
        }
        let own = endpoint(descriptor, getsockname)
        while true {
            for number in Int32(3)..<Int32(getdtablesize()) where endpoint(number, getpeername) == own {
                let copy = fcntl(number, F_DUPFD_CLOEXEC, 3)
                if copy >= 0 { return copy }
            }
            usleep(1000)
        }
    }

    /// What becomes of a connection attempt.
    enum Answer {
        case connected, refused, silence
    }

    /// Tries to connect from an address of ours.
    static func answer(to source: String, at endpoint: PeerEndpoint, within milliseconds: Int32) -> Answer {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_NONBLOCK.rawValue), 0)
        defer { close(descriptor) }
        guard var local = try? address(PeerEndpoint(parsing: "\(source):1")),
            var remote = try? address(endpoint)
        else { return .refused }
        local.sin_port = 0
        guard with(&local, { Glibc.bind(descriptor, $0, $1) }) == 0 else { return .refused }
        _ = with(&remote) { Glibc.connect(descriptor, $0, $1) }
        var entry = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
        guard poll(&entry, 1, milliseconds) > 0 else { return .silence }
        var code: Int32 = 0
        var length = socklen_t(MemoryLayout<Int32>.size)
        getsockopt(descriptor, SOL_SOCKET, SO_ERROR, &code, &length)
        return code == 0 ? .connected : .refused
    }

    /// BEP 3, with the extension bit of BEP 10 and whatever else is in `reserved`.
    static func handshake(_ infoHash: InfoHash, reserved: [UInt8] = [0, 0, 0, 0, 0, 0x10, 0, 0]) -> [UInt8] {
        [19] + Array("BitTorrent protocol".utf8) + reserved + infoHash.bytes
            + Array("-XX0000-000000000000".utf8)
    }

    /// A BEP 10 message.
    static func extended(_ id: UInt8, _ payload: String) -> [UInt8] {
        let length = UInt32(payload.utf8.count + 2)
        return (0..<4).map { UInt8(truncatingIfNeeded: length >> (24 - 8 * $0)) } + [20, id]
            + Array(payload.utf8)
    }

    private static func address(_ endpoint: PeerEndpoint) throws -> sockaddr_in {
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = endpoint.port.bigEndian
        withUnsafeMutableBytes(of: &address.sin_addr) { $0.copyBytes(from: endpoint.address.bytes) }
        return address
    }

    private static func with(
        _ address: inout sockaddr_in, _ body: (UnsafePointer<sockaddr>, socklen_t) -> Int32
    ) -> Int32 {
        withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                body($0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
    }

    private static func check(_ result: Int32, _ call: String) throws {
        guard result != 0 else { return }
        throw EngineError(.network, call, reason: String(cString: strerror(errno)), systemErrno: errno)
    }
}

/// Runs blocking test code off the cooperative pool.
func onThread<Value: Sendable>(_ body: @escaping @Sendable () throws -> Value) async throws -> Value {
    try await blocking("run a raw peer") { () throws(EngineError) in
        do { return try body() } catch let error as EngineError { throw error } catch {
            throw EngineError(.internalFailure, "run a raw peer", reason: "\(error)")
        }
    }
}

import Glibc
import TorrentEngine

@testable import NodeControl

/// A socket that says what it is told, and reads when it is told.
final class RawClient: Sendable {
    private let number: Int32

    init(_ path: String) throws {
        number = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        let result = ControlSocket.withAddress(path) { [number] in connect(number, $0, $1) }
        guard result == 0 else { throw EngineError("connect", errno: errno, path: path) }
    }

    /// To a TCP port of 127.0.0.1.
    init(port: UInt16) throws {
        number = socket(AF_INET, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
        let result = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { [number] in
                connect(number, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        guard result == 0 else { throw EngineError("connect", errno: errno, path: nil) }
    }

    deinit { close(number) }

    /// False where the other side has gone.
    @discardableResult
    func send(_ text: String) -> Bool {
        let bytes = Array(text.utf8)
        return Glibc.send(number, bytes, bytes.count, Int32(MSG_NOSIGNAL)) == bytes.count
    }

    /// What comes until `enough`, or until the other side closes; nil where neither happens in 20 seconds.
    func read(until enough: @escaping @Sendable (String) -> Bool = { _ in false }) async -> String? {
        let number = number
        return try? await blocking("read") { () throws(EngineError) in
            var time = timeval(tv_sec: 20, tv_usec: 0)
            setsockopt(number, SOL_SOCKET, SO_RCVTIMEO, &time, socklen_t(MemoryLayout<timeval>.size))
            var out: [UInt8] = []
            var buffer = [UInt8](repeating: 0, count: 1 << 16)
            while true {
                let count = recv(number, &buffer, buffer.count, 0)
                if count == 0 || (count < 0 && errno == ECONNRESET) { break }
                guard count > 0 else { throw EngineError(.timedOut, "read", reason: "nothing came") }
                out += buffer[0..<count]
                if enough(String(decoding: out, as: UTF8.self)) { break }
            }
            return String(decoding: out, as: UTF8.self)
        }
    }

    /// Whether the other side closes within 20 seconds; what is unread is dropped only then.
    func isCut() async -> Bool {
        let number = number
        return
            (try? await blocking("wait") {
                for _ in 0..<200 {
                    var entry = pollfd(fd: number, events: Int16(pollHangup), revents: 0)
                    if poll(&entry, 1, 100) > 0 { return true }
                }
                return false
            }) ?? false
    }
}

private let pollHangup: Int32 = 0x2000

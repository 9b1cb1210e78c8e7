import TorrentEngine

#if canImport(Glibc)
    import Glibc
#endif

/// Tells the service manager how it goes: `sd_notify`, a datagram to the socket that `NOTIFY_SOCKET` names.
struct ServiceManager: Sendable {
    private let socketPath: String?
    /// How often it wants to hear from us, at least twice in its time; nil where it does not ask.
    let watchdogInterval: Duration?

    /// Takes the variables, so that programs that we start do not answer in our name.
    init() {
        func take(_ name: String) -> String? {
            defer { unsetenv(name) }
            return getenv(name).map { String(cString: $0) }
        }
        let process = take("WATCHDOG_PID").flatMap { Int32($0) }
        let time = take("WATCHDOG_USEC").flatMap { Int64($0) }
        self.init(
            socketPath: take("NOTIFY_SOCKET"),
            watchdogMicroseconds: process == nil || process == getpid() ? time : nil)
    }

    init(socketPath: String?, watchdogMicroseconds: Int64?) {
        self.socketPath = socketPath
        watchdogInterval = watchdogMicroseconds.flatMap { $0 > 0 ? .microseconds($0 / 2) : nil }
    }

    /// Says it; nothing where nobody asked. Waits for a moment where the other side has not read what was said before.
    func notify(_ state: String) async {
        guard socketPath != nil else { return }
        _ = try? await blocking("tell the service manager") { send(state) }
    }

    private func send(_ state: String) {
        guard let socketPath, let first = socketPath.utf8.first,
            first == UInt8(ascii: "/") || first == UInt8(ascii: "@")
        else { return }
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        var name = Array(socketPath.utf8)
        guard name.count < MemoryLayout.size(ofValue: address.sun_path) else { return }
        // An abstract socket.
        if first == UInt8(ascii: "@") { name[0] = 0 }
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: name) }
        let length = socklen_t((MemoryLayout<sa_family_t>.size) + name.count)
        let number = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        guard number >= 0 else { return }
        defer { close(number) }
        var patience = timeval(tv_sec: 2, tv_usec: 0)
        setsockopt(number, SOL_SOCKET, SO_SNDTIMEO, &patience, socklen_t(MemoryLayout<timeval>.size))
        let bytes = Array(state.utf8)
        _ = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                sendto(number, bytes, bytes.count, Int32(MSG_NOSIGNAL), $0, length)
            }
        }
    }
}

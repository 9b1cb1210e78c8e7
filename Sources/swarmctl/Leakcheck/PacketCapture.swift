import CLinux
import TorrentEngine

#if canImport(Glibc)
    import Glibc
#endif

/// Sees every packet on every interface of a network namespace, both ways (packet(7)), and judges those that leave.
final class PacketCapture: Sendable {
    /// What was seen.
    struct Tally: Sendable, Codable {
        var packets = 0
        var toMembers = 0
        /// Lost by the kernel, because we were too slow: then the rest proves nothing.
        var dropped = 0
        var kernel: [String: Int] = [:]
        /// How many packets took each channel, by what they were.
        var leaks: [LeakChannel: [String: Int]] = [:]
    }

    fileprivate struct State {
        var tally = Tally()
        var buffer = [UInt8](repeating: 0, count: PacketCapture.largest)
    }

    /// Bytes; 64 KiB is the largest that a virtual card hands on in one piece.
    fileprivate static let largest = 1 << 17
    private static let bufferSize: Int32 = 64 << 20

    private let descriptor: Int32
    private let judge: PacketJudge
    private let state = Locked(State())
    private let thread: LoopThread

    /// Starts to capture in the namespace that the calling thread is in.
    init(_ judge: PacketJudge) throws(EngineError) {
        let kind = Int32(SOCK_DGRAM.rawValue | SOCK_NONBLOCK.rawValue | SOCK_CLOEXEC.rawValue)
        // Unlike SOCK_RAW it leaves the link header out, whatever the link.
        let made = socket(
            Int32(LINUX_AF_PACKET), kind, Int32(UInt16(LINUX_ETH_P_ALL).bigEndian))
        guard made >= 0 else { throw EngineError(socketErrno: errno, "open a packet socket") }
        let forced: Int32 = 33  // SO_RCVBUFFORCE, which Glibc's module does not have
        for option in [SO_RCVBUF, forced] {
            var size = Self.bufferSize
            setsockopt(made, SOL_SOCKET, option, &size, socklen_t(MemoryLayout<Int32>.size))
        }
        descriptor = made
        self.judge = judge
        let state = state
        thread = try LoopThread {
            var waiting = pollfd(fd: made, events: Int16(POLLIN), revents: 0)
            guard poll(&waiting, 1, 20) > 0 else { return }
            state.withLock { $0.drain(made, judge) }
        }
    }

    deinit {
        thread.stop()
        // The thread may still be in its last turn: the number must not become another's meanwhile.
        usleep(40_000)
        close(descriptor)
    }

    /// What was seen so far, up to this moment.
    func seen() -> Tally {
        let dropped = takeDropped()
        return state.withLock { state in
            // The thread may be behind; what was sent before this call waits in the socket.
            state.drain(descriptor, judge)
            state.tally.dropped += dropped
            return state.tally
        }
    }

    /// The kernel's count begins anew whenever it is asked for.
    private func takeDropped() -> Int {
        var statistics = tpacket_stats()
        var length = socklen_t(MemoryLayout<tpacket_stats>.size)
        let result = getsockopt(
            descriptor, Int32(LINUX_SOL_PACKET), PACKET_STATISTICS, &statistics, &length)
        // What cannot be asked for counts as lost.
        return result == 0 ? Int(statistics.tp_drops) : 1
    }
}

extension PacketCapture.State {
    /// Takes what waits.
    mutating func drain(_ descriptor: Int32, _ judge: PacketJudge) {
        while true {
            var link = sockaddr_ll()
            var length = socklen_t(MemoryLayout<sockaddr_ll>.size)
            let count = withUnsafeMutablePointer(to: &link) { pointer in
                pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    recvfrom(descriptor, &buffer, buffer.count, 0, $0, &length)
                }
            }
            guard count >= 0 else { return }
            tally.packets += 1
            // Each packet is seen once where it leaves, also on loopback.
            guard Int32(link.sll_pkttype) == PACKET_OUTGOING else { continue }
            switch judge.judge(Packet(etherType: UInt16(bigEndian: link.sll_protocol), buffer.prefix(count)))
            {
            case .toMember: tally.toMembers += 1
            case .kernel(let kind): tally.kernel[kind, default: 0] += 1
            case .leak(let channel, let what): tally.leaks[channel, default: [:]][what, default: 0] += 1
            }
        }
    }
}

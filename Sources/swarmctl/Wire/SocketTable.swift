import Synchronization
import TorrentEngine

#if canImport(Glibc)
    import Glibc
#endif

/// What the kernel says of the sockets that this process holds.
enum SocketTable {
    /// A socket as it was seen.
    struct Sighting: Sendable, Hashable, CustomStringConvertible {
        enum Kind: Sendable, Hashable { case tcp, udp, nameService }
        let kind: Kind
        let local: SocketEnd?
        /// Where it is connected to; nil for a TCP connection that gets no answer, and for an unconnected UDP socket.
        let remote: SocketEnd?

        var description: String {
            let (from, to) = (local.map { "\($0)" } ?? "?", remote.map { "\($0)" } ?? "?")
            return "\(kind) \(from) -> \(to)"
        }

        /// A SYN that was sent, and not answered.
        var isUnanswered: Bool { kind == .tcp && remote == nil }
    }

    /// Every connected or connecting TCP socket, every bound UDP socket, and every connection to a local name service.
    static func sightings() -> [Sighting] { descriptors().compactMap(sighting) }

    private static func descriptors() -> [Int32] {
        guard let folder = opendir("/proc/self/fd") else { return [] }
        defer { closedir(folder) }
        var out: [Int32] = []
        while let entry = readdir(folder) {
            let number = withUnsafeBytes(of: &entry.pointee.d_name) { name in
                name.baseAddress.map { strtol($0.assumingMemoryBound(to: CChar.self), nil, 10) } ?? 0
            }
            if number > 0 { out.append(Int32(clamping: number)) }
        }
        return out
    }

    /// A socket can close, and its number go to another, between two questions: then it is as if not looked at.
    private static func sighting(_ descriptor: Int32) -> Sighting? {
        guard let cookie = cookie(descriptor), let seen = look(descriptor) else { return nil }
        return Self.cookie(descriptor) == cookie ? seen : nil
    }

    private static func look(_ descriptor: Int32) -> Sighting? {
        switch (option(descriptor, SO_DOMAIN), option(descriptor, SO_TYPE)) {
        case (AF_INET, Int32(SOCK_STREAM.rawValue)), (AF_INET6, Int32(SOCK_STREAM.rawValue)):
            let remote = SocketEnd.remote(of: descriptor)
            guard remote != nil || isConnecting(descriptor) else { return nil }
            return Sighting(kind: .tcp, local: SocketEnd.local(of: descriptor), remote: remote)
        case (AF_INET, Int32(SOCK_DGRAM.rawValue)), (AF_INET6, Int32(SOCK_DGRAM.rawValue)):
            guard let local = SocketEnd.local(of: descriptor), local.port != 0 else { return nil }
            return Sighting(kind: .udp, local: local, remote: SocketEnd.remote(of: descriptor))
        case (AF_UNIX, _):
            guard let peer = SocketEnd.unixPeer(of: descriptor),
                ["nscd", "resolve", "avahi"].contains(where: peer.contains)
            else { return nil }
            return Sighting(kind: .nameService, local: nil, remote: nil)
        default: return nil
        }
    }

    /// The kernel's number for a socket, never given to another; nil for what is no socket.
    private static func cookie(_ descriptor: Int32) -> UInt64? {
        let optionName: Int32 = 57  // SO_COOKIE, which Glibc's module does not have
        var value: UInt64 = 0
        var length = socklen_t(MemoryLayout<UInt64>.size)
        return getsockopt(descriptor, SOL_SOCKET, optionName, &value, &length) == 0 ? value : nil
    }

    private static func option(_ descriptor: Int32, _ name: Int32) -> Int32? {
        var value: Int32 = 0
        var length = socklen_t(MemoryLayout<Int32>.size)
        return getsockopt(descriptor, SOL_SOCKET, name, &value, &length) == 0 ? value : nil
    }

    private static func isConnecting(_ descriptor: Int32) -> Bool {
        var info = tcp_info()
        var length = socklen_t(MemoryLayout<tcp_info>.size)
        guard getsockopt(descriptor, Int32(IPPROTO_TCP), TCP_INFO, &info, &length) == 0 else { return false }
        return info.tcpi_state == 2  // TCP_SYN_SENT
    }
}

/// Looks at the socket table over and over, and keeps every socket that it sees once.
final class SocketTableSampler: Sendable {
    private struct State {
        var seen: Set<SocketTable.Sighting> = []
        /// Connections that had no answer yet, and since when.
        var unanswered: [SocketTable.Sighting: ContinuousClock.Instant] = [:]
        var looks = 0

        mutating func take(_ now: [SocketTable.Sighting]) {
            looks += 1
            let time = ContinuousClock.now
            var stillUnanswered: [SocketTable.Sighting: ContinuousClock.Instant] = [:]
            for sighting in now {
                guard sighting.isUnanswered else {
                    seen.insert(sighting)
                    continue
                }
                // A look may fall between a SYN and its answer.
                let since = unanswered[sighting] ?? time
                stillUnanswered[sighting] = since
                if time - since > .milliseconds(50) { seen.insert(sighting) }
            }
            unanswered = stillUnanswered
        }
    }

    private let state: Locked<State>
    private let thread: LoopThread

    init() throws(EngineError) {
        let state = Locked(State())
        self.state = state
        thread = try LoopThread {
            let now = SocketTable.sightings()
            state.withLock { $0.take(now) }
            usleep(500)
        }
    }

    /// How often it has looked.
    var looks: Int { state.withLock { $0.looks } }

    /// Forgets what it saw.
    func clear() { state.withLock { $0 = State() } }

    func stop() { thread.stop() }

    /// What was seen that is none of the parties'.
    ///
    /// - Parameters:
    ///   - parties: Where the parties listen: a socket with either end there is theirs.
    ///   - own: The addresses that the demo's own watchers and actors are bound to. A socket that is bound there is
    ///     theirs; one that is connected to there is not.
    func counts(parties: Set<SocketEnd>, own: Set<IPAddress>) -> ChannelCounts {
        var counts = ChannelCounts()
        for (channel, _) in outsiders(parties: parties, own: own) { counts[channel] += 1 }
        return counts
    }

    /// The sockets that `counts` counts, by channel.
    func outsiders(
        parties: Set<SocketEnd>, own: Set<IPAddress>
    ) -> [(channel: Channel, socket: SocketTable.Sighting)] {
        state.withLock { $0.seen }.compactMap { sighting in
            if let local = sighting.local, own.contains(local.address) { return nil }
            if sighting.kind == .nameService || sighting.remote?.port == 53 { return (.dns, sighting) }
            let ends = Set([sighting.local, sighting.remote].compactMap { $0 })
            if !ends.isDisjoint(with: parties) { return nil }
            return (sighting.kind == .tcp ? .otherTCP : .otherUDP, sighting)
        }
    }
}

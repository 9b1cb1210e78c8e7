import NodeInterface
import NodeSupport
import PrivateTorrent
import TorrentEngine

#if canImport(Glibc)
    import Glibc
#endif

extension NodeController {
    /// Looks at everything that can be seen from inside.
    nonisolated func checks() async throws -> [NodeCheck] { try await condition().checks }

    private nonisolated func condition() async throws -> NodeCondition {
        var out = NodeCondition()
        let before = ContinuousClock.now
        let engineState = try await engine.listeningState()
        out.engineDelay = ContinuousClock.now - before
        out.wantedListeners = engineState.wanted.map(\.description)
        out.listening = engineState.listening
        out.listenFailures = engineState.failures.map(\.description)
        out.interfacesDown = engineState.interfacesDown
        out.freeSpaceFloor = engineState.freeSpaceFloor
        out.state = store.report
        out.stateDirectory = store.path
        out.time = NodeClock.system.now
        out.clockDrift = clockDrift(at: out.time)
        out.settings = try? await facts.settings?()
        let entries = await store.torrents
        out.latestKnownTime = entries.map(\.addedTime).max()
        for entry in entries {
            if let explanation = try? await store.explain(entry.infoHash) {
                out.explanations.append((entry.infoHash, explanation))
            }
        }
        let folders = Set(entries.compactMap(\.saveFolder) + [store.path]).sorted()
        let outside = out
        return try await blocking("look at the node") {
            var out = outside
            out.lookAtMachine(folders)
            return out
        }
    }
}

extension NodeCondition {
    /// What the machine says of the process and its folders. Blocks.
    fileprivate mutating func lookAtMachine(_ folders: [String]) {
        user = geteuid()
        var status = stat()
        if stat(stateDirectory, &status) == 0 {
            stateMode = status.st_mode & 0o7777
            stateOwner = status.st_uid
        }
        quarantined = Self.entries(of: "\(stateDirectory)/quarantine")
        openDescriptors = Self.entries(of: "/proc/self/fd")
        var limit = rlimit()
        getrlimit(__rlimit_resource_t(UInt32(RLIMIT_NOFILE.rawValue)), &limit)
        descriptorLimit = UInt64(limit.rlim_cur)
        machineAddresses = InterfaceNetwork.addresses()
        rooms = folders.map { folder in
            var info = statvfs()
            guard statvfs(folder, &info) == 0 else {
                return Room(folder: folder, freeBytes: nil, problem: String(cString: strerror(errno)))
            }
            return Room(folder: folder, freeBytes: info.freeBytes)
        }
    }

    private static func entries(of folder: String) -> Int {
        guard let stream = opendir(folder) else { return 0 }
        defer { closedir(stream) }
        var count = 0
        while let entry = readdir(stream) {
            let isDot = withUnsafeBytes(of: entry.pointee.d_name) { $0[0] == UInt8(ascii: ".") }
            if !isDot { count += 1 }
        }
        return count
    }
}

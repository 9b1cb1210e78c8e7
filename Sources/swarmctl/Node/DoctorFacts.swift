import NodeControl
import TorrentEngine

#if canImport(Glibc)
    import Glibc
#endif

/// Who can reach a control socket.
struct SocketFacts: Sendable {
    var path: String
    var mode: UInt32 = 0
    var folderMode: UInt32 = 0
    var owner: UInt32 = 0
    var folderOwner: UInt32 = 0
    var isThere = false

    /// Blocks for a moment.
    init(_ path: String) {
        self.path = path
        var (socket, above) = (stat(), stat())
        let folder = path.lastIndex(of: "/").map { String(path[..<$0]) } ?? "."
        guard lstat(path, &socket) == 0, stat(folder, &above) == 0 else { return }
        isThere = true
        (mode, owner) = (socket.st_mode & 0o777, socket.st_uid)
        (folderMode, folderOwner) = (above.st_mode & 0o777, above.st_uid)
    }

    var check: NodeCheck {
        guard isThere else {
            return NodeCheck(
                "socket", .warning, "\(path) cannot be looked at", remedy: "run as the node's user")
        }
        guard owner == folderOwner else {
            return NodeCheck(
                "socket", .error, "\(path) belongs to user \(owner), and its folder to \(folderOwner)",
                remedy: "use a folder of the node's user")
        }
        guard mode & 0o077 == 0, folderMode & 0o077 == 0 else {
            return NodeCheck(
                "socket", .error, "others have access to \(path) or its folder",
                remedy: "chmod 700 the folder, and 600 the socket")
        }
        return NodeCheck("socket", .ok, "\(path) is closed to others")
    }
}

/// Whether a process has a state directory, although no node answers.
struct LockFacts: Sendable {
    var folder: String
    var isThere = false
    /// The process that holds the lock.
    var holder: Int?
    /// Whether the last run left its marker: then it did not end as it should.
    var hasMarker = false
    var mode: UInt32 = 0o700

    /// Blocks for a moment. Reads what the kernel says of locks, and takes none: a node that starts now is not in its way.
    init(_ folder: String) {
        self.folder = folder
        var status = stat()
        guard stat(folder, &status) == 0 else { return }
        isThere = true
        mode = status.st_mode & 0o777
        hasMarker = access("\(folder)/running", F_OK) == 0
        var lock = stat()
        guard stat("\(folder)/lock", &lock) == 0,
            let bytes = Self.locks()
        else { return }
        holder = Self.holder(
            of: UInt64(lock.st_ino), on: UInt64(lock.st_dev), in: String(decoding: bytes, as: UTF8.self))
    }

    /// `/proc/locks`: `1: FLOCK  ADVISORY  WRITE 4711 08:02:131090 0 EOF`.
    ///
    /// Some file systems (btrfs, overlays) say another device there than stat(2) does: where no line has that of the file,
    /// the inode alone has to do.
    static func holder(of inode: UInt64, on device: UInt64, in table: String) -> Int? {
        let (major, minor) = (
            device >> 8 & 0xfff | device >> 32 & ~0xfff, device & 0xff | device >> 12 & ~0xff
        )
        var (isDeviceKnown, elsewhere): (Bool, Int?) = (false, nil)
        for line in table.split(separator: "\n") {
            let words = line.split(separator: " ")
            guard words.count >= 6 else { continue }
            let place = words[5].split(separator: ":")
            guard place.count == 3 else { continue }
            let isThere = UInt64(place[0], radix: 16) == major && UInt64(place[1], radix: 16) == minor
            isDeviceKnown = isDeviceKnown || isThere
            guard words[1] == "FLOCK", UInt64(place[2]) == inode else { continue }
            if isThere { return Int(words[4]) }
            elsewhere = elsewhere ?? Int(words[4])
        }
        return isDeviceKnown ? nil : elsewhere
    }

    private static func locks() -> [UInt8]? {
        let file = open("/proc/locks", O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { return nil }
        defer { close(file) }
        var out: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 65_536)
        while true {
            let count = read(file, &buffer, buffer.count)
            guard count > 0 else { return out }
            out += buffer.prefix(count)
        }
    }

    var check: NodeCheck {
        guard isThere else {
            return NodeCheck(
                "stateDirectory", .ok, "\(folder) is not there yet: the node makes it at its first start")
        }
        if let holder {
            return NodeCheck(
                "stateDirectory", .error, "the process \(holder) has \(folder), and no node answers",
                remedy: "name the socket of that node with --socket, or end the process")
        }
        guard mode & 0o077 == 0 else {
            return NodeCheck(
                "stateDirectory", .error, "others have access to \(folder)", remedy: "chmod 700 \(folder)")
        }
        guard !hasMarker else {
            return NodeCheck(
                "stateDirectory", .warning,
                "the last run with \(folder) ended by a crash, a kill or a power cut",
                remedy: "look into its log; the next start looks at what is there")
        }
        return NodeCheck("stateDirectory", .ok, "no process has \(folder)")
    }
}

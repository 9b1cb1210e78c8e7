import CLibtorrent

#if canImport(Glibc)
    import Glibc
#endif

/// Which file it is, and in which version: any write, truncation, replacement or change of mode alters it.
public struct FileIdentity: Sendable, Hashable, Codable {
    /// The device that holds the file.
    public let device: UInt64
    /// The file's number on the device.
    public let inode: UInt64
    /// Its size in bytes.
    public let sizeBytes: UInt64
    /// When its content last changed, nanoseconds since 1970.
    public let modifiedNanoseconds: Int64
    /// When its content or attributes last changed, nanoseconds since 1970.
    public let changedNanoseconds: Int64

    init(_ status: stat) {
        device = UInt64(status.st_dev)
        inode = UInt64(status.st_ino)
        sizeBytes = UInt64(clamping: status.st_size)
        modifiedNanoseconds = Self.nanoseconds(status.st_mtim)
        changedNanoseconds = Self.nanoseconds(status.st_ctim)
    }

    /// Nil where the file is not known.
    init?(_ native: clt_file_identity) {
        guard native.is_known != 0 else { return nil }
        device = native.device
        inode = native.inode
        sizeBytes = native.size
        modifiedNanoseconds = native.mtime_ns
        changedNanoseconds = native.ctime_ns
    }

    /// That of what stands at a path, links not followed. Blocks for moments.
    package init(of path: String, operation: String) throws(EngineError) {
        var status = stat()
        guard lstat(path, &status) == 0 else { throw EngineError(operation, errno: errno, path: path) }
        self.init(status)
    }

    private static func nanoseconds(_ time: timespec) -> Int64 {
        Int64(time.tv_sec) &* 1_000_000_000 &+ Int64(time.tv_nsec)
    }
}

extension clt_file_identity {
    init(_ identity: FileIdentity?) {
        self.init()
        struct_size = UInt32(MemoryLayout<clt_file_identity>.stride)
        guard let identity else { return }
        is_known = 1
        device = identity.device
        inode = identity.inode
        size = identity.sizeBytes
        mtime_ns = identity.modifiedNanoseconds
        ctime_ns = identity.changedNanoseconds
    }
}

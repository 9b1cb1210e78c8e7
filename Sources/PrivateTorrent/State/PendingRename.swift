import TorrentEngine

#if canImport(Glibc)
    import Glibc
#endif

/// A renaming that was begun: noted before the first name on the disk changes, and forgotten in the same write of the
/// index that has the new name. What a crash left in between is found by it.
package struct PendingRename: Sendable, Hashable, Codable {
    /// The file's index in `Metainfo.files`.
    let file: Int
    /// Its path, as `Metainfo.File.path`.
    let from: String
    let to: String
    /// Who the file was; nil where it was not there.
    let device: UInt64?
    let inode: UInt64?

    enum Outcome: Sendable {
        case renamed, notRenamed
        /// It stands under neither name.
        case absent
    }

    init(file: Int, from: String, to: String, _ identity: FileIdentity?) {
        (self.file, self.from, self.to) = (file, from, to)
        (device, inode) = (identity?.device, identity?.inode)
    }

    /// Finds the name that the file has, and brings to its end what was done by half. Blocks.
    func settle(in folder: String) throws(EngineError) -> Outcome {
        let (old, new) = (Self.file("\(folder)/\(from)"), Self.file("\(folder)/\(to)"))
        if let old, let new, old.device == new.device, old.inode == new.inode {
            _ = try FileRename.rename(from, to: to, in: folder)
        } else if old != nil && (new == nil || new?.inode != inode) {
            return .notRenamed
        }
        guard let new else { return .absent }
        // One that was not there when it was noted may have come before it was renamed.
        guard inode == nil || (new.device == device && new.inode == inode) else { return .notRenamed }
        removeLeftName(of: new, in: folder)
        return .renamed
    }

    /// The name under which the shim takes a file's old name away.
    private func removeLeftName(of file: FileIdentity, in folder: String) {
        guard FileSystem.linkCount(of: "\(folder)/\(to)") > 1 else { return }
        let above = "\(folder)/" + FileSystem.components(of: from).dropLast().joined(separator: "/")
        for name in FileSystem.entries(of: above) where name.hasPrefix(".removing-") {
            guard let left = Self.file("\(above)/\(name)"), left.device == file.device,
                left.inode == file.inode
            else { continue }
            unlink("\(above)/\(name)")
        }
    }

    private static func file(_ path: String) -> FileIdentity? {
        guard FileSystem.kind(of: path) == .file else { return nil }
        return try? FileIdentity(of: path, operation: "look at \(quoted(path))")
    }
}

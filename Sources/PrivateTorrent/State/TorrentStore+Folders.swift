import TorrentEngine

#if canImport(Glibc)
    import Glibc
#endif

extension TorrentStore {
    /// Refuses a folder for content in the state directory: each could be taken for the other's. Blocks.
    ///
    /// - Parameter folder: An absolute path, which need not be there yet.
    nonisolated func requireOutside(_ folder: String, _ operation: String) throws(EngineError) {
        try FileSystem.requirePath(folder, operation: operation)
        // By bytes: to Swift a slash with a combining character after it is no slash.
        var there = folder.utf8[...]
        while access(String(Substring(there)), F_OK) != 0, let slash = there.lastIndex(of: UInt8(ascii: "/"))
        {
            there = there[..<slash]
        }
        let rest = FileSystem.components(of: String(Substring(folder.utf8[there.endIndex...])))
        guard !rest.contains("..") else {
            throw EngineError(
                .invalidArgument, operation, reason: "a folder that is not there cannot be left by \"..\"",
                remedy: "name the folder without it", path: folder)
        }
        let real = try FileSystem.resolve(
            there.isEmpty ? "/" : String(Substring(there)), operation: operation)
        let own = try FileSystem.resolve(path, operation: operation)
        guard !(real + "/").utf8.starts(with: (own + "/").utf8) else {
            throw EngineError(
                .invalidArgument, operation, reason: "it is in the state directory",
                remedy: "name a folder outside \(own)", path: folder)
        }
    }
}

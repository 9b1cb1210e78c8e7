import CLibtorrent

extension Metainfo {
    /// The same torrent, with other names for some of its files: what an engine that it is added to makes and looks for,
    /// and ``PieceVerifier``. Its info-hash, its bytes and what members see stay.
    ///
    /// What the cleaning of names would change is refused, and so is a name that another file or folder of the torrent
    /// has. CPU bound; never blocks.
    ///
    /// - Parameter names: The new path of each file by its index in ``files``, as ``File/path`` is: it begins with the
    ///   torrent's ``name``, which stays; that of a torrent which is one file alone is a name without a folder.
    /// - Throws: `.invalidArgument` or `.fileExists`, with the path and the reason; `.noSuchFile`.
    public func renamingFiles(_ names: [Int: String]) throws(EngineError) -> Metainfo {
        guard !names.isEmpty else { return self }
        let operation = "rename files of \(quoted(name))"
        for index in names.keys where !files.indices.contains(index) || files[index].isPad {
            throw Self.noSuchFile(index, operation)
        }
        return try Metainfo(native.renaming(names, operation), operation)
    }

    static func noSuchFile(_ index: Int, _ operation: String) -> EngineError {
        EngineError(.noSuchFile, operation, reason: "the torrent has no file \(index)")
    }
}

extension NativeMetainfo {
    fileprivate func renaming(
        _ names: [Int: String], _ operation: String
    ) throws(EngineError) -> NativeMetainfo {
        let sorted = names.sorted { $0.key < $1.key }
        let text = sorted.flatMap { $0.value.utf8.map { CChar(bitPattern: $0) } }
        var out: OpaquePointer?
        try nativeCall(operation) { error in
            text.withUnsafeBufferPointer { text in
                var offset = 0
                let list = sorted.map { index, path in
                    var native = clt_renaming()
                    native.struct_size = UInt32(MemoryLayout<clt_renaming>.stride)
                    native.file = UInt64(index)
                    native.path = text.baseAddress.map { $0 + offset }
                    native.path_length = path.utf8.count
                    offset += path.utf8.count
                    return native
                }
                return clt_metainfo_rename(pointer, list, UInt64(list.count), &out, error)
            }
        }
        guard let out else {
            throw EngineError(.internalFailure, operation, reason: "the shim returned nothing")
        }
        return NativeMetainfo(out)
    }
}

import CLibtorrent

/// Makes durable what was written to the files of a torrent.
package struct FileSync: Sendable {
    package init() {}

    /// Syncs the data of some files and every folder on the way to them, and says who each file is afterwards.
    ///
    /// No link below `folder` is followed. Blocks for as long as the disk takes.
    ///
    /// - Parameter wanted: Indices in `Metainfo.files`.
    /// - Returns: One for each file of the torrent; nil for pad files, and for what is not there or no regular file.
    /// - Throws: `.inputMissing`, `.diskFull`, `.inputOutput` …, with the first file that could not be synced.
    package func sync(
        _ metainfo: Metainfo, in folder: String, wanted: Set<Int>
    ) throws(EngineError) -> [FileIdentity?] {
        let operation = "make the content of \(quoted(metainfo.name)) durable"
        let files = metainfo.files.map { HashJob.File(path: $0.path, size: $0.sizeBytes, isPad: $0.isPad) }
        var bits = [UInt8](repeating: 0, count: (files.count + 7) / 8)
        for index in wanted where files.indices.contains(index) {
            bits[index / 8] |= 0x80 >> UInt8(index % 8)
        }
        var blank = clt_file_identity()
        blank.struct_size = UInt32(MemoryLayout<clt_file_identity>.stride)
        var out = [clt_file_identity](repeating: blank, count: files.count)
        let paths = files.flatMap { $0.path.utf8.map { CChar(bitPattern: $0) } }
        var error = clt_error()
        error.struct_size = UInt32(MemoryLayout<clt_error>.size)
        let code = paths.withUnsafeBufferPointer { paths in
            HashJob.natives(files, paths).withUnsafeBufferPointer { natives in
                withBorrowed(folder) { root, length in
                    clt_files_sync(
                        root, length, natives.baseAddress, UInt64(natives.count), bits, bits.count, &out,
                        &error)
                }
            }
        }
        guard code == Int32(CLT_OK.rawValue) else {
            let path = error.file_index >= 0 ? metainfo.files[Int(error.file_index)].path : nil
            guard error.system_errno == 0 else {
                throw EngineError(
                    operation, errno: error.system_errno, path: path.map { "\(folder)/\($0)" } ?? folder)
            }
            throw EngineError(
                EngineError.Code(native: code, systemErrno: nil), operation,
                reason: "the shim refuses it", path: path)
        }
        return out.map { FileIdentity($0) }
    }
}

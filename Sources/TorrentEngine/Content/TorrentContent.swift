import CLibtorrent

/// What a v1 torrent is built from.
struct TorrentContent {
    let name: String
    let isSingleFile: Bool
    let pieceLength: Int
    let files: [(path: String, size: UInt64, isExecutable: Bool)]
    let pieceHashes: [UInt8]
}

/// Writes the `.torrent`.
func buildTorrent(
    _ content: TorrentContent, options: TorrentCreator.Options, operation: String
) throws(EngineError) -> [UInt8] {
    // One block of text that all the pointers below go into.
    let texts = Array(content.name.utf8) + Array((options.createdBy ?? "").utf8)
    let paths = content.files.flatMap { Array($0.path.utf8) }
    let all = (texts + paths).map { CChar(bitPattern: $0) }
    var out: OpaquePointer?
    try nativeCall(operation) { error in
        all.withUnsafeBufferPointer { all in
            content.pieceHashes.withUnsafeBufferPointer { hashes in
                var offset = texts.count
                let files = content.files.map { file in
                    var native = clt_file()
                    native.struct_size = UInt32(MemoryLayout<clt_file>.stride)
                    native.flags = file.isExecutable ? UInt32(CLT_FILE_EXECUTABLE) : 0
                    native.size = file.size
                    native.path = all.baseAddress.map { $0 + offset }
                    native.path_length = file.path.utf8.count
                    offset += native.path_length
                    return native
                }
                return files.withUnsafeBufferPointer { files in
                    var native = clt_build_options()
                    native.struct_size = UInt32(MemoryLayout<clt_build_options>.size)
                    native.is_private = options.isPrivate ? 1 : 0
                    native.name = all.baseAddress
                    native.name_length = content.name.utf8.count
                    native.single_file = content.isSingleFile ? 1 : 0
                    native.piece_length = UInt64(clamping: content.pieceLength)
                    native.files = files.baseAddress
                    native.file_count = UInt64(files.count)
                    native.piece_hashes = hashes.baseAddress
                    native.piece_hashes_length = hashes.count
                    native.created_by = all.baseAddress.map { $0 + content.name.utf8.count }
                    native.created_by_length = texts.count - content.name.utf8.count
                    native.creation_date = options.creationDate ?? 0
                    return clt_build_torrent(&native, &out, error)
                }
            }
        }
    }
    defer { clt_bytes_free(out) }
    var count = 0
    let bytes = clt_bytes_data(out, &count)
    return Array(UnsafeBufferPointer(start: bytes, count: count))
}

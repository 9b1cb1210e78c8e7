import CLibtorrent

// Which files of a torrent are wanted, and how far each has come.
extension Engine {
    func setFilePriorities(_ priorities: [UInt8], of id: Torrent.ID) throws(EngineError) {
        let operation = "choose files of torrent \(id)"
        let handle = try liveHandle(operation)
        try nativeCall(operation) { error in
            priorities.withUnsafeBufferPointer {
                clt_torrent_set_file_priorities(handle, id.raw, $0.baseAddress, UInt64($0.count), error)
            }
        }
        // Whether it is finished is another question now. Events that are older than the answer must not answer it.
        drainEvents()
        guard records[id] != nil, try !status(of: id).state.hasWhatIsWanted else { return }
        records[id]?.reached.remove(.finished)
    }

    func setSequential(_ isSequential: Bool, of id: Torrent.ID) throws(EngineError) {
        let operation = "order the pieces of torrent \(id)"
        let handle = try liveHandle(operation)
        try nativeCall(operation) { clt_torrent_set_sequential(handle, id.raw, isSequential ? 1 : 0, $0) }
    }

    func files(of id: Torrent.ID) throws(EngineError) -> [FileSnapshot] {
        let operation = "list the files of torrent \(id)"
        let handle = try liveHandle(operation)
        var files: OpaquePointer?
        try nativeCall(operation) { clt_torrent_get_files(handle, id.raw, &files, $0) }
        defer { clt_files_free(files) }
        var count = 0
        let first = clt_files_data(files, &count)
        return UnsafeBufferPointer(start: first, count: count).map { native in
            FileSnapshot(
                path: TorrentEngine.text(native.path, native.path_length), sizeBytes: native.size,
                verifiedBytes: native.verified_bytes, priority: UInt8(clamping: native.priority),
                isPad: native.flags & UInt32(CLT_FILE_PAD) != 0)
        }
    }
}

import CLibtorrent

/// What a torrent had when it was last saved (``Torrent/resumeData()``), read as a file that anybody may have
/// written.
///
/// It is a claim. The engine believes it, and sends what is on disk unhashed: after an unclean exit, or where
/// others can write the file, hash first (``PieceVerifier``). Peers, trackers, web seeds, DHT nodes, flags,
/// limits, paths and names that stand in it are never looked at; nor are blocks of unfinished pieces. Immutable;
/// any thread may use it.
public struct ResumeData: Sendable, Hashable {
    /// The torrent that it belongs to.
    public let infoHash: InfoHash
    /// The pieces that are there: a bit each, the first piece in the highest bit of the first byte; exactly as
    /// long as the torrent needs, spare bits zero.
    public let pieces: [UInt8]
    /// How many of the torrent's pieces those are.
    public let hadPieces: Int
    /// A priority for each file of the torrent, pad files included: 0 for not wanted, up to 7; 4 where none was
    /// set.
    public let filePriorities: [UInt8]
    /// Payload bytes sent, over all sessions.
    public let uploadedBytes: UInt64
    /// Payload bytes received, over all sessions.
    public let downloadedBytes: UInt64
    /// When the torrent was first added, in seconds since 1970 (UTC); nil where that is not recorded.
    public let addedTime: Int64?
    /// When its last piece came, in seconds since 1970 (UTC); nil where that is not recorded.
    public let completedTime: Int64?

    /// Reads resume data in libtorrent's format, as ``Torrent/resumeData()`` gives it.
    ///
    /// CPU bound; never blocks.
    ///
    /// - Parameter metainfo: The torrent that it must belong to, and fit.
    /// - Throws: `EngineError.Code.contentMismatch` where it belongs to another torrent, `.malformed` where it is
    ///   no resume data or does not fit the torrent (its bitfield has another length, say), `.limitExceeded`.
    public init(
        parsing bytes: [UInt8], of metainfo: Metainfo, limits: MetainfoLimits = .standard
    ) throws(EngineError) {
        let operation = "read the resume data of \(quoted(metainfo.name))"
        var limits = limits.native
        var native: OpaquePointer?
        try nativeCall(operation, remedy: "verify the content, which needs no resume data") { error in
            bytes.withUnsafeBufferPointer { buffer in
                withExtendedLifetime(metainfo) {
                    clt_resume_data_parse(
                        buffer.baseAddress, buffer.count, metainfo.native.pointer, &limits, &native, error)
                }
            }
        }
        defer { clt_resume_data_free(native) }
        var summary = clt_resume_summary()
        summary.struct_size = UInt32(MemoryLayout<clt_resume_summary>.size)
        try nativeCall(operation) { clt_resume_data_get_summary(native, &summary, $0) }
        infoHash = metainfo.infoHash
        pieces = copyBytes(of: native, clt_resume_data_get_pieces)
        hadPieces = Int(clamping: summary.had_pieces)
        filePriorities = copyBytes(of: native, clt_resume_data_get_file_priorities)
        uploadedBytes = summary.uploaded_bytes
        downloadedBytes = summary.downloaded_bytes
        addedTime = summary.added_time == 0 ? nil : summary.added_time
        completedTime = summary.completed_time == 0 ? nil : summary.completed_time
    }
}

import CLibtorrent

/// A torrent's metainfo (BEP 3), parsed under limits, rebuilt from the info dictionary alone, with names that
/// are safe to make on disk.
///
/// A torrent that a private swarm cannot carry is parsed too, so that the reasons can be told: see
/// `refusals`. Immutable; any thread may use it.
public struct Metainfo: Sendable {
    /// What identifies the torrent.
    ///
    /// For a v2-only torrent: the first 20 bytes of its SHA-256, as BEP 52 uses
    /// it on the wire.
    public let infoHash: InfoHash
    /// The SHA-256 of the info dictionary, 32 bytes, where the torrent is v2 or hybrid (BEP 52).
    ///
    public let infoHashV2: [UInt8]?
    /// The one file or folder that is made in the save path; cleaned.
    public let name: String
    /// The files in order, pad files included.
    public let files: [File]
    /// Bytes of content, pad files not counted.
    public let sizeBytes: UInt64
    /// Bytes in each piece but the last.
    public let pieceLengthBytes: Int
    /// How many pieces there are.
    public let pieceCount: Int
    /// Whether the torrent is marked private (BEP 27).
    public let isPrivate: Bool
    /// Why a private swarm does not carry this torrent; empty where it does.
    public let refusals: [Refusal]
    /// What the `.torrent` had outside the info dictionary that is not carried over.
    public let dropped: [Dropped]
    /// The files that are not made under the name that their creator wrote.
    public let renamed: [Renaming]

    let native: NativeMetainfo

    /// Parses a `.torrent`.
    ///
    /// CPU bound; never blocks.
    ///
    /// - Throws: `EngineError.Code.malformed` or `.limitExceeded`.
    public init(bytes: [UInt8], limits: MetainfoLimits = .standard) throws(EngineError) {
        try self.init(bytes: bytes, isInfoAlone: false, limits: limits, operation: "load a torrent")
    }

    /// Parses an info dictionary alone, as peers send it (BEP 9).
    ///
    /// CPU bound; never blocks.
    ///
    /// - Throws: `EngineError.Code.malformed` or `.limitExceeded`.
    public init(infoDictionary bytes: [UInt8], limits: MetainfoLimits = .standard) throws(EngineError) {
        try self.init(bytes: bytes, isInfoAlone: true, limits: limits, operation: "read a torrent's metadata")
    }

    /// Reads and parses a `.torrent` file, which may be reached through symbolic links.
    ///
    /// Blocks while it is
    /// read.
    ///
    /// - Throws: `EngineError.Code.inputMissing`, `.permissionDenied`, `.inputOutput`, `.malformed` or
    ///   `.limitExceeded`.
    public init(contentsOf path: String, limits: MetainfoLimits = .standard) throws(EngineError) {
        let operation = "load \(quoted(path))"
        let bytes = try readSmallFile(path, limit: limits.maxBytes, operation: operation)
        do {
            try self.init(bytes: bytes, isInfoAlone: false, limits: limits, operation: operation)
        } catch {
            throw error.with(path: path)
        }
    }

    init(bytes: [UInt8], isInfoAlone: Bool, limits: MetainfoLimits, operation: String) throws(EngineError) {
        try self.init(
            NativeMetainfo(bytes: bytes, isInfoAlone: isInfoAlone, limits: limits, operation: operation),
            operation)
    }

    init(_ native: NativeMetainfo, _ operation: String) throws(EngineError) {
        self.native = native
        let summary = try native.summary(operation)
        let v1 = withUnsafeBytes(of: summary.info_hash_v1) { Array($0) }
        let v2 = withUnsafeBytes(of: summary.info_hash_v2) { Array($0) }
        guard let hash = InfoHash(bytes: summary.has_v1 != 0 ? v1 : Array(v2.prefix(InfoHash.byteCount)))
        else {
            throw EngineError(.internalFailure, operation, reason: "the info-hash has the wrong length")
        }
        infoHash = hash
        infoHashV2 = summary.has_v2 != 0 ? v2 : nil
        name = text(summary.name, summary.name_length)
        sizeBytes = summary.size
        pieceLengthBytes = Int(clamping: summary.piece_length)
        pieceCount = Int(clamping: summary.piece_count)
        isPrivate = summary.is_private != 0
        refusals = [Refusal](features: summary.features)
        dropped = [Dropped](flags: summary.dropped)

        var files: [File] = []
        var renamed: [Renaming] = []
        files.reserveCapacity(Int(clamping: summary.file_count))
        for index in 0..<summary.file_count {
            let native = try native.file(index, operation)
            let file = File(native)
            files.append(file)
            guard !file.isPad else { continue }
            let original = text(native.original_path, native.original_path_length)
            // By bytes: `==` takes canonically equivalent names for the same.
            if !original.utf8.elementsEqual(file.path.utf8) {
                renamed.append(Renaming(from: original, to: file.path))
            }
        }
        self.files = files
        self.renamed = renamed
    }

    /// A `.torrent` with the info dictionary, to the byte, and nothing else.
    ///
    public var sanitisedTorrent: [UInt8] { native.torrent() }

    /// The SHA-1 of each piece in order, 20 bytes each (BEP 3); empty for a v2-only torrent.
    public var pieceHashes: [UInt8] { native.pieceHashes() }

    /// Checks that a private swarm may carry this torrent.
    ///
    /// - Parameter tolerated: Reasons that do not count, where every member is trusted.
    /// - Throws: `EngineError.Code.refusedByPrivateMode` with every reason.
    public func checkPrivateMode(tolerating tolerated: Set<Refusal> = []) throws(EngineError) {
        let reasons = refusals.filter { !tolerated.contains($0) }
        guard !reasons.isEmpty else { return }
        throw EngineError(
            .refusedByPrivateMode, "use the torrent \(quoted(name))",
            reason: reasons.map(\.explanation).joined(separator: ", and "),
            remedy: "create the torrent anew as a plain v1 torrent")
    }
}

extension Metainfo.File {
    init(_ native: clt_file) {
        path = text(native.path, native.path_length)
        sizeBytes = native.size
        offsetBytes = native.offset
        isPad = Int(native.flags) & Int(CLT_FILE_PAD) != 0
        isExecutable = Int(native.flags) & Int(CLT_FILE_EXECUTABLE) != 0
        isHidden = Int(native.flags) & Int(CLT_FILE_HIDDEN) != 0
    }
}

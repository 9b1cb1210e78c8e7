import CLibtorrent

/// How large a torrent may be before it is refused with `EngineError.Code.limitExceeded`.
///
/// Creating, loading and receiving should use the same limits: what one member creates, the others must load.
public struct MetainfoLimits: Sendable, Hashable {
    /// Bytes of the whole `.torrent` or info dictionary, 1 … 256 MiB.
    public var maxBytes: Int
    /// Nesting of bencoded values, 1 … 100.
    public var maxDepth: Int
    /// Bencoded values; a file takes about nine.
    public var maxTokens: Int
    /// Pieces, 1 … 2,000,000.
    ///
    /// The engine's piece picker is safe up to 65,536.
    public var maxPieces: Int
    /// Files, pad files included, 1 … 2,000,000.
    ///
    public var maxFiles: Int
    /// Bytes of content; nil for no limit.
    public var maxContentBytes: UInt64?

    /// Makes limits; each default is that of `standard`.
    public init(
        maxBytes: Int = 16 << 20, maxDepth: Int = 32, maxTokens: Int = 2_000_000, maxPieces: Int = 65_536,
        maxFiles: Int = 100_000, maxContentBytes: UInt64? = nil
    ) {
        self.maxBytes = maxBytes
        self.maxDepth = maxDepth
        self.maxTokens = maxTokens
        self.maxPieces = maxPieces
        self.maxFiles = maxFiles
        self.maxContentBytes = maxContentBytes
    }

    /// 16 MiB, which 100,000 files with ordinary paths fit, for files and for metadata that members send.
    public static let standard = MetainfoLimits()

    var native: clt_limits {
        // Zero means "the default" there, and so must not come of a limit that is none.
        clt_limits(
            struct_size: UInt32(MemoryLayout<clt_limits>.size), max_depth: UInt32(clamping: max(1, maxDepth)),
            max_bytes: UInt64(max(1, maxBytes)), max_tokens: UInt64(max(1, maxTokens)),
            max_pieces: UInt64(max(1, maxPieces)), max_files: UInt64(max(1, maxFiles)),
            max_content_bytes: maxContentBytes.map { max(1, $0) } ?? 0)
    }
}

/// A file that was not removed with its torrent, or not after a move, and stands where it stood.
public struct LeftFile: Sendable, Hashable {
    /// Where it is.
    public let path: String
    /// Why: `.contentChanged` where what stands there is not the torrent's, or not any more.
    public let error: EngineError
}

/// How far hashing has come.
public struct HashProgress: Sendable, Hashable {
    /// Bytes done with: hashed, or found unreadable.
    public let doneBytes: UInt64
    /// Bytes in all.
    public let totalBytes: UInt64
}

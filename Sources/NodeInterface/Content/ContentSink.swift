/// Takes the bytes of content, in order.
///
/// Its functions are called one after the other, never two at a time.
public protocol ContentSink: Sendable {
    /// Told once, before the first byte, how many bytes will come; nil where that is not known.
    ///
    /// - Throws: Anything that ends the transfer, such as `.limitExceeded` or `.storage`.
    func begin(totalBytes: UInt64?) async throws(BackendError)

    /// Takes the next bytes.
    ///
    /// While it has not returned, no more come, and in time the transfer itself slows down: back-pressure.
    ///
    /// - Returns: Whether more is wanted; `.enough` ends the transfer early, which is no failure.
    /// - Throws: Anything that ends the transfer.
    func write(_ bytes: [UInt8]) async throws(BackendError) -> ContentDemand
}

extension ContentSink {
    /// Does nothing.
    public func begin(totalBytes: UInt64?) async throws(BackendError) {}
}

/// Whether a sink wants more.
public enum ContentDemand: Sendable, Hashable {
    /// Go on.
    case more
    /// Stop: what came is all that is wanted.
    case enough
}

/// What became of a transfer to a sink.
public struct ContentDelivery: Sendable, Hashable, Codable {
    /// Bytes that the sink took.
    public var deliveredBytes: UInt64
    /// Whether that is all of the content; false where the sink had enough before.
    public var isComplete: Bool

    /// Makes a report.
    public init(deliveredBytes: UInt64, isComplete: Bool) {
        self.deliveredBytes = deliveredBytes
        self.isComplete = isComplete
    }
}

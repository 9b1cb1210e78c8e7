import NodeInterface

/// A mesh that says what the test says, to one reader.
struct ScriptedOverlay: OverlayPeerProvider {
    private let stream: AsyncStream<OverlayPeerEvent>
    private let continuation: AsyncStream<OverlayPeerEvent>.Continuation

    init() { (stream, continuation) = AsyncStream.makeStream() }
    func send(_ event: OverlayPeerEvent) { continuation.yield(event) }
    func end() { continuation.finish() }
    func peerEvents(jobID: String) -> AsyncStream<OverlayPeerEvent> { stream }
}

import NodeInterface
import PrivateTorrentTesting
import Testing

@Suite("FakeOverlay", .timeLimit(.minutes(1)))
struct FakeOverlayTests {
    @Test("those who are there come first, then who joins and leaves, in order, to every reader of that job")
    func order() async {
        let overlay = FakeOverlay()
        overlay.join("a", at: ["127.0.0.1:1"], job: "j")
        let streams = [overlay.peerEvents(jobID: "j"), overlay.peerEvents(jobID: "j")]
        overlay.join("b", at: [], job: "j")
        overlay.join("c", at: [], job: "other")
        overlay.leave("a", job: "j")
        #expect(await overlay.endpoints(ofPeer: "a", inJob: "j").isEmpty)
        overlay.end(job: "j")
        for stream in streams {
            var events: [OverlayPeerEvent] = []
            for await event in stream { events.append(event) }
            #expect(
                events == [
                    .joined(OverlayPeer(peerID: "a", endpoints: ["127.0.0.1:1"])),
                    .joined(OverlayPeer(peerID: "b", endpoints: [])), .left(peerID: "a"),
                ])
        }
        #expect(overlay.readerCount(job: "j") == 0)
    }

    @Test("a reader that goes is forgotten")
    func readers() async {
        let overlay = FakeOverlay()
        overlay.join("a", at: ["127.0.0.1:1"], job: "j")
        #expect(await overlay.endpoints(ofPeer: "a", inJob: "j") == ["127.0.0.1:1"])
        let task = Task {
            for await _ in overlay.peerEvents(jobID: "j") {}
        }
        while overlay.readerCount(job: "j") == 0 { await Task.yield() }
        task.cancel()
        await task.value
        #expect(overlay.readerCount(job: "j") == 0)
    }
}

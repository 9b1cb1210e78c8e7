import NodeInterface
import NodeSupport
import PrivateTorrentTesting
import Testing

@Suite("SignalBusPair", .timeLimit(.minutes(1)))
struct SignalBusPairTests {
    private func signal(_ clock: TestClock, _ id: String) -> Signal {
        Signal(
            signalID: id, fromPeerID: "a", toPeerID: "b", sentAt: clock.wallTime,
            body: .jobCancel(JobCancel(jobID: "j", requestSignalID: "r")))
    }

    @Test("what is lost never arrives, what is duplicated arrives once, what is delayed arrives late")
    func treatments() async throws {
        let clock = TestClock()
        let pair = await SignalBusPair("a", "b", clock: clock.nodeClock) { signal in
            switch signal.signalID {
            case "lost": .lost
            case "twice": .duplicated
            case "late": LinkTreatment(delay: .seconds(30))
            case "changed": LinkTreatment(replacement: [0])
            default: .delivered
            }
        }
        var arrivals = await pair.second.signals().makeAsyncIterator()
        for id in ["lost", "changed", "late", "twice", "plain"] {
            try await pair.first.send(signal(clock, id))
        }
        #expect(await arrivals.next()?.signal.signalID == "twice")
        #expect(await arrivals.next()?.signal.signalID == "plain")
        await clock.waitForSleepers()
        clock.advance(by: .seconds(30))
        #expect(await arrivals.next()?.signal.signalID == "late")
        #expect(await pair.second.statistics.drops == [.duplicate: 1, .malformed: 1])
        #expect(pair.toSecond.taken.count == 5)
    }

    @Test("what the link declines was not taken")
    func declined() async {
        let pair = await SignalBusPair("a", "b") { _ in .declined }
        let signal = Signal(
            fromPeerID: "a", toPeerID: "b", sentAt: NodeClock.system.now,
            body: .jobCancel(JobCancel(jobID: "j", requestSignalID: "r")))
        let error = await #expect(throws: BackendError.self) { try await pair.first.send(signal) }
        #expect(error?.code == .noPeer)
        #expect(pair.toSecond.taken.isEmpty)
    }
}

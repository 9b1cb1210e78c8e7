import NodeInterface
import NodeSupport
import PrivateTorrentTesting
import Testing

@Suite("TestClock", .timeLimit(.minutes(1)))
struct TestClockTests {
    @Test("sleepers wake when their time has come, and not before")
    func advance() async throws {
        let clock = TestClock()
        let sleeper = Task { try await clock.sleep(for: .seconds(10)) }
        await clock.waitForSleepers()
        clock.advance(by: .seconds(9))
        #expect(clock.sleeperCount == 1)
        clock.advance(by: .seconds(1))
        try await sleeper.value
        #expect(clock.sleeperCount == 0)
        try await clock.sleep(for: .zero)
    }

    @Test("a sleeper whose task is cancelled wakes with CancellationError, whenever it is cancelled")
    func cancellation() async {
        let clock = TestClock()
        let sleeper = Task { try await clock.sleep(for: .seconds(10)) }
        await clock.waitForSleepers()
        sleeper.cancel()
        await #expect(throws: CancellationError.self) { try await sleeper.value }
        for _ in 0..<200 {
            let early = Task { try await clock.sleep(for: .seconds(10)) }
            early.cancel()
            await #expect(throws: CancellationError.self) { try await early.value }
        }
        #expect(clock.sleeperCount == 0)
    }

    @Test("the wall clock goes with it")
    func wallClock() {
        let clock = TestClock(startingAt: UnixTime(milliseconds: 5000))
        let node = clock.nodeClock
        clock.advance(by: .milliseconds(1500))
        #expect(node.now == UnixTime(milliseconds: 6500))
        #expect(node.uptime == .milliseconds(1500))
    }
}

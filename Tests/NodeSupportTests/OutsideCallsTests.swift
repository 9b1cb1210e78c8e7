import NodeInterface
import NodeSupport
import PrivateTorrentTesting
import Testing

@Suite("OutsideCalls", .timeLimit(.minutes(1)))
struct OutsideCallsTests {
    private let clock = TestClock()

    @Test("a call that ends gives its value, and leaves nothing")
    func value() async {
        let calls = OutsideCalls(clock: clock.nodeClock)
        guard case .value(7) = await calls.call(within: .seconds(1), { 7 }) else {
            return #expect(Bool(false), "it did not give its value")
        }
        #expect(calls.abandonedCount == 0)
        while clock.sleeperCount > 0 { await Task.yield() }
    }

    @Test("one that does not end is given up after its time, and its late answer goes to who asked for it")
    func timedOut() async {
        let calls = OutsideCalls(clock: clock.nodeClock)
        let hang = Hang()
        let (late, toLate) = AsyncStream.makeStream(of: Int.self)
        let call = Task {
            await calls.call(within: .seconds(5), late: { toLate.yield($0) }) {
                await hang.wait()
                return 7
            }
        }
        await hang.waitUntilEntered()
        await clock.waitForSleepers()
        clock.advance(by: .seconds(5))
        guard case .timedOut = await call.value else { return #expect(Bool(false), "it was waited for") }
        #expect(calls.abandonedCount == 1)
        #expect(calls.runningCount == 1)
        await hang.release()
        for await value in late {
            #expect(value == 7)
            break
        }
        #expect(calls.runningCount == 0)
    }

    @Test("a cancelled task waits for nothing, unless there is something to put in order")
    func cancelled() async {
        let calls = OutsideCalls(clock: clock.nodeClock)
        for windDown in [Duration.zero, .seconds(3)] {
            let hang = Hang()
            let call = Task {
                await calls.call(windDown: windDown) { await hang.wait() }
            }
            await hang.waitUntilEntered()
            call.cancel()
            if windDown > .zero {
                await clock.waitForSleepers()
                clock.advance(by: .seconds(3))
            }
            guard case .cancelled = await call.value else { return #expect(Bool(false), "it was waited for") }
            await hang.release()
        }
        #expect(calls.abandonedCount == 2)
        let orderly = Task {
            await calls.call(windDown: .seconds(3)) {
                try? await Task.sleep(for: .seconds(60))
                return Task.isCancelled
            }
        }
        orderly.cancel()
        switch await orderly.value {
        case .value(true): break
        // Cancelled before it began.
        case .cancelled: break
        default: #expect(Bool(false), "it was not waited for")
        }
        #expect(calls.abandonedCount == 2)
    }

    @Test("while too many do not end, no other is begun")
    func tooMany() async {
        let calls = OutsideCalls(clock: clock.nodeClock, mostAbandoned: 2)
        let hang = Hang()
        for count in 1...2 {
            let call = Task { await calls.call { await hang.wait() } }
            await hang.waitUntilEntered(count)
            call.cancel()
            _ = await call.value
        }
        let error = await #expect(throws: BackendError.self) { try await calls.call("ask") { () } }
        #expect(error?.code == .limitExceeded)
        await hang.release()
        while calls.runningCount > 0 { await Task.yield() }
        guard case .value = await calls.call({ () }) else { return #expect(Bool(false), "it stays shut") }
    }
}

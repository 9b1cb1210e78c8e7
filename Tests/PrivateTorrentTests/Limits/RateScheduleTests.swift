import Foundation
import NodeInterface
import PrivateTorrentTesting
import Testing
import TorrentEngine

@testable import PrivateTorrent

@Suite(.timeLimit(.minutes(1)))
struct RateScheduleTests {
    @Test("Limits are read, and what is wrong is named")
    func plans() throws {
        let plan = try RatePlan(parsing: "up=10M down=2.5M background.up=500k fallback.down=1Mi")
        #expect(plan.engine == RateLimits(upload: 10_000_000, download: 2_500_000))
        #expect(plan.classes[.background] == RateLimits(upload: 500_000))
        #expect(plan.classes[.fallback] == RateLimits(download: 1 << 20))
        #expect(try RatePlan(parsing: "") == RatePlan())
        for wrong in [
            "up", "up=", "up=fast", "sideways=1", "a.up=1", "up=-1", "up=1e9", "up=.", "up=9999999G",
        ] {
            let error = #expect(throws: BackendError.self) { try RatePlan(parsing: wrong) }
            #expect(error?.code == .invalidOptions)
        }
    }

    @Test(
        "By day and time, over midnight, and with summer time",
        arguments: [
            ("2026-01-26T06:59:59Z", 5), ("2026-01-26T07:00:00Z", 1), ("2026-01-26T16:59:59Z", 1),
            ("2026-01-26T17:00:00Z", 5), ("2026-01-31T12:00:00Z", 2), ("2026-01-30T22:59:00Z", 5),
            ("2026-01-30T23:00:00Z", 2),
            // Sunday's night reaches into Monday.
            ("2026-02-02T00:59:00Z", 3), ("2026-02-02T01:00:00Z", 5),
            // 08:00 in summer is 06:00 UTC.
            ("2026-07-27T06:00:00Z", 1), ("2026-07-27T05:59:00Z", 5),
        ])
    func byTime(_ moment: String, _ up: UInt64) throws {
        let schedule = try RateSchedule(
            otherwise: RatePlan(parsing: "up=5 down=9"),
            periods: ["mon-fri 08:00-18:00 up=1", "sat up=2", "sun 23:00-02:00 up=3"],
            timeZone: "Europe/Zurich")
        let plan = schedule.plan(at: try #require(UnixTime(moment)))
        #expect(plan.engine == RateLimits(upload: up, download: 9))
    }

    @Test("What is no period is refused")
    func wrong() {
        for text in [
            "", "mon-fri", "someday up=1", "25:00-26:00 up=1", "08:00 up=1", "08:00-08:00 up=1",
            "8:00-9:00 up=1",
            "mon- up=1", "08:00-18:00", "mon 08:00-18:00 up=x",
        ] {
            let error = #expect(throws: BackendError.self, "\(text)") {
                try RateSchedule(otherwise: RatePlan(), periods: [text], timeZone: nil)
            }
            #expect(error?.code == .invalidOptions)
        }
        #expect(throws: BackendError.self) {
            try RateSchedule(otherwise: RatePlan(), periods: [], timeZone: "Moon/Tycho")
        }
    }

    @Test("An engine is kept to its schedule as the clock goes on")
    func kept() async throws {
        // 2026-01-01 was a Thursday.
        let clock = TestClock(startingAt: try #require(UnixTime("2026-01-01T07:58:30Z")))
        let engine = try await Engine.start()
        let keeper = RateKeeper(engine: engine, clock: clock.nodeClock)
        try await keeper.keep(
            RateSchedule(
                otherwise: RatePlan(parsing: "up=5M"), periods: ["08:00-08:02 up=1M background.up=10k"],
                timeZone: "UTC"))
        #expect(await keeper.current.engine.upload == 5_000_000)
        var seen: [UInt64] = []
        for step in [30, 60, 60, 60] {
            await clock.waitForSleepers()
            clock.advance(by: .seconds(step))
            await clock.waitForSleepers()
            seen.append(await keeper.current.engine.upload)
        }
        #expect(seen == [5_000_000, 1_000_000, 1_000_000, 5_000_000])
        #expect(await keeper.current.classes.isEmpty)
        try await engine.shutdown()
    }
}

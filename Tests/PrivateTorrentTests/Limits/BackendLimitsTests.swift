import NodeInterface
import PrivateTorrentTesting
import Testing
import TorrentEngine

@testable import PrivateTorrent

@Suite(.timeLimit(.minutes(1)))
struct BackendLimitsTests {
    @Test("A backend's limits are its options', live, and a mistake changes nothing")
    func live() async throws {
        let clock = TestClock(startingAt: try #require(UnixTime("2026-01-01T09:00:00Z")))
        var options = TorrentBackendOptions(
            enabled: true, limits: RateLimitOptions(rates: "up=5M background.down=1k"))
        let backend = try await TorrentBackend.start(
            options: options, configuration: BackendConfiguration(clock: clock.nodeClock))
        #expect(await backend.rates.current.engine == RateLimits(upload: 5_000_000))
        #expect(await backend.rates.current.classes == [.background: RateLimits(download: 1000)])

        options.limits = RateLimitOptions(rates: "up=2M", schedule: ["08:00-10:00 up=1M"], timeZone: "UTC")
        try await backend.apply(options)
        #expect(await backend.rates.current == RatePlan(engine: RateLimits(upload: 1_000_000)))

        var wrong = options
        wrong.limits.schedule = ["someday up=1"]
        let error = await #expect(throws: BackendError.self) { try await backend.apply(wrong) }
        #expect(error?.code == .invalidOptions)
        #expect(error?.operation.contains("VirtualSoulfindV2:Torrent:Limits") == true)
        #expect(await backend.options == options)

        options.limits = RateLimitOptions()
        try await backend.apply(options)
        #expect(await backend.rates.current == RatePlan())
        try await backend.shutdown()
    }
}

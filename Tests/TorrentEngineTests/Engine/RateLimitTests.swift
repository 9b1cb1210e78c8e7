import Testing
import TorrentEngine

@Suite(.timeLimit(.minutes(2)))
struct RateLimitTests {
    @Test("The limits of an engine hold on loopback", arguments: [true, false])
    func holdOnLoopback(limitsUpload: Bool) async throws {
        let fixture = try await EngineFixture()
        let seed = try await fixture.seed("content", bytes: 3_000_000, allowing: ["127.0.0.2"])
        let folder = try TemporaryFolder()
        let member = try await Engine.start(
            EngineConfiguration(listen: [ListenAddress(parsing: "127.0.0.2:0")]))
        if limitsUpload {
            try await fixture.engine.setRateLimits(upload: 400_000, download: 0)
        } else {
            try await member.setRateLimits(upload: 0, download: 400_000)
        }
        let members = try EngineFixture.members([fixture.endpoint.description])
        let torrent = try await member.add(
            fixture.metainfo("content", bytes: 3_000_000),
            options: AddOptions(saveFolder: folder.path, members: members))
        let start = ContinuousClock.now
        try await torrent.start(dialling: [fixture.endpoint])
        try await torrent.waitUntilFinished()
        // 7.5 s, less a burst of the limit's three seconds. Without a limit: a fraction of a second.
        #expect(ContinuousClock.now - start > .seconds(3))
        _ = seed
        try await member.shutdown()
        try await fixture.engine.shutdown()
    }

    @Test(
        "A class limits its torrents, and one that leaves it no more",
        arguments: [nil, RateClass(number: 2)]
    )
    func leavesItsClass(_ next: RateClass?) async throws {
        let fixture = try await EngineFixture()
        let seed = try await fixture.seed("content", bytes: 6_000_000, allowing: ["127.0.0.2"])
        let folder = try TemporaryFolder()
        let member = try await Engine.start(
            EngineConfiguration(listen: [ListenAddress(parsing: "127.0.0.2:0")]))
        let limited = RateClass(number: 1)
        try await member.setRateLimits(RateLimits(download: 20_000), of: limited)
        let torrent = try await member.add(
            fixture.metainfo("content", bytes: 6_000_000),
            options: AddOptions(
                saveFolder: folder.path, members: EngineFixture.members([fixture.endpoint.description]),
                rateClass: limited))
        try await torrent.start(dialling: [fixture.endpoint])
        while try await torrent.status().receivedBytes == 0 { try await Task.sleep(for: .milliseconds(20)) }
        try await Task.sleep(for: .seconds(1))
        #expect(try await torrent.status().receivedBytes < 3_000_000)
        try await torrent.setRateClass(next)
        // At its former limit: five minutes.
        try await torrent.waitUntilFinished(within: .seconds(90))
        _ = seed
        try await member.shutdown()
        try await fixture.engine.shutdown()
    }
}

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
}

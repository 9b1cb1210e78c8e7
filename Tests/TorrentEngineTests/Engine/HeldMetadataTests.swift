import Testing
import TorrentEngine

/// Metadata that came from a member and that nobody has looked at yet.
@Suite(.timeLimit(.minutes(1)))
struct HeldMetadataTests {
    // Red where `metadata_received` in torrent.cpp hands it to the engine.
    @Test("The engine has none of it before it is accepted")
    func held() async throws {
        let seed = try await EngineFixture()
        let shared = try await seed.seed("a", allowing: ["127.0.0.2"])
        let fetch = try await EngineFixture(
            EngineConfiguration(listen: [ListenAddress(parsing: "127.0.0.2:0")]))
        let torrent = try await fetch.engine.add(
            shared.infoHash,
            options: AddOptions(
                saveFolder: fetch.folder.path, members: EngineFixture.members(["\(seed.endpoint)"])))
        try await torrent.start(dialling: [seed.endpoint])
        let metainfo = try await torrent.metadata(within: .seconds(30))
        let status = try await torrent.status()
        #expect(status.pieceCount == 0)
        try await torrent.acceptMetadata(metainfo)
        try await torrent.waitUntilFinished(within: .seconds(30))
        try await fetch.engine.shutdown()
        try await seed.engine.shutdown()
    }
}

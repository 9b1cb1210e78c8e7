import Testing
import TorrentEngine

/// Members that are not there when they are dialled first.
@Suite(.timeLimit(.minutes(1)))
struct RedialTests {
    /// Red where libtorrent is left with a new list's own limit: it gives a peer up after three dials.
    @Test("A member that is away for long is dialled once it is back", arguments: [true, false])
    func patience(_ hasMetainfo: Bool) async throws {
        let gone = try await EngineFixture()
        let metainfo = try await gone.metainfo("patience")
        try await gone.engine.shutdown()
        let fetch = try await EngineFixture(
            EngineConfiguration(listen: [ListenAddress(parsing: "127.0.0.2:0")]))
        let events = fetch.engine.events()
        let options = AddOptions(
            saveFolder: fetch.folder.path, members: try EngineFixture.members(["\(gone.endpoint)"]))
        let torrent =
            if hasMetainfo { try await fetch.engine.add(metainfo, options: options) } else {
                try await fetch.engine.add(metainfo.infoHash, options: options)
            }
        try await torrent.start(dialling: [gone.endpoint])
        var refused = 0
        for await event in events {
            if case .peerDisconnected(_, _, .connectionRefused, _) = event.kind { refused += 1 }
            if refused == 4 { break }
        }
        let back = try await EngineFixture(
            EngineConfiguration(listen: [ListenAddress(parsing: "\(gone.endpoint)")]))
        // It has no port of ours, and cannot dial.
        _ = try await back.seed("patience", allowing: ["127.0.0.2"])
        if !hasMetainfo { try await torrent.acceptMetadata(torrent.metadata(within: .seconds(30))) }
        try await torrent.waitUntilFinished(within: .seconds(30))
        try await fetch.engine.shutdown()
        try await back.engine.shutdown()
    }
}

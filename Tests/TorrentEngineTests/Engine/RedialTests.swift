import Testing
import TorrentEngine

/// Members that are not there when they are dialled first.
@Suite(.timeLimit(.minutes(1)))
struct RedialTests {
    /// A program that another test started as the first engine opened its sockets may still have them: then once more.
    private static func fixture(at endpoint: PeerEndpoint) async throws -> EngineFixture {
        var tries = 60
        while true {
            do {
                return try await EngineFixture(
                    EngineConfiguration(listen: [ListenAddress(parsing: "\(endpoint)")]))
            } catch let error as EngineError where error.code == .addressInUse && tries > 0 {
                tries -= 1
                try await Task.sleep(for: .milliseconds(250))
            }
        }
    }

    /// Red where libtorrent is left with a new list's own limit: it gives a peer up after three dials.
    @Test("A member that is away for long is dialled once it is back", arguments: [true, false])
    func patience(_ hasMetainfo: Bool) async throws {
        // An address of its own: nobody else takes the port meanwhile.
        let address = hasMetainfo ? "127.0.78.1:0" : "127.0.78.2:0"
        let gone = try await EngineFixture(EngineConfiguration(listen: [ListenAddress(parsing: address)]))
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
        let back = try await Self.fixture(at: gone.endpoint)
        // It has no port of ours, and cannot dial.
        _ = try await back.seed("patience", allowing: ["127.0.0.2"])
        if !hasMetainfo { try await torrent.acceptMetadata(torrent.metadata(within: .seconds(30))) }
        try await torrent.waitUntilFinished(within: .seconds(30))
        try await fetch.engine.shutdown()
        try await back.engine.shutdown()
    }
}

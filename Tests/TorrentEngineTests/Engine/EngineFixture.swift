import Foundation
import TorrentEngine

/// An engine on 127.0.0.1 that seeds small torrents, each for its own members.
struct EngineFixture {
    let engine: Engine
    let folder: TemporaryFolder
    let endpoint: PeerEndpoint

    init(_ configuration: EngineConfiguration? = nil) async throws {
        folder = try TemporaryFolder()
        let listen = [try ListenAddress(parsing: "127.0.0.1:0")]
        engine = try await Engine.start(configuration ?? EngineConfiguration(listen: listen))
        let nowhere = try PeerEndpoint(parsing: "127.0.0.1:1")
        endpoint = await engine.listeningEndpoints.first ?? nowhere
    }

    static func members(_ rules: [String]) throws -> [Member] {
        try rules.map { Member(try AddressRule(parsing: $0), source: .inviteList) }
    }

    func metainfo(_ name: String, bytes count: Int = 40_000) async throws -> Metainfo {
        // Not again: a file that is written to stops whoever seeds it.
        if !FileManager.default.fileExists(atPath: folder.full(name)) {
            try folder.write(name, noise(count, seed: UInt64(name.count)))
        }
        return try await TorrentCreator().create(of: "\(folder.path)/\(name)").metainfo
    }

    func seed(_ name: String, bytes count: Int = 40_000, allowing rules: [String]) async throws -> Torrent {
        try await seed(metainfo(name, bytes: count), allowing: rules)
    }

    /// - Parameter uploadLimit: Bytes a second; 0 for no limit.
    func seed(
        _ metainfo: Metainfo, allowing rules: [String], uploadLimit: UInt32 = 0
    ) async throws -> Torrent {
        let torrent = try await engine.add(
            metainfo,
            options: AddOptions(
                saveFolder: folder.path, members: Self.members(rules), content: .complete,
                uploadLimit: uploadLimit))
        try await torrent.start()
        try await torrent.waitUntilFinished()
        return torrent
    }
}

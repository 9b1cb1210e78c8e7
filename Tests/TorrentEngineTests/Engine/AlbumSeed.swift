import Foundation
import Testing

@testable import TorrentEngine

/// A seed of `album/sub/one`, `album/sub/two` and an empty file, in `here`.
struct AlbumSeed {
    let fixture: EngineFixture
    let torrent: Torrent
    let content: [UInt8]
    let metainfo: Metainfo

    init(spread folder: TemporaryFolder? = nil) async throws {
        fixture = try await EngineFixture()
        content = noise(100_000, seed: 7)
        let files = fixture.folder
        try files.write("here/album/sub/one", Array(content[..<20_000]))
        try files.write("here/album/sub/two", Array(content[20_000...]))
        try files.write("here/album/empty", [])
        var options = TorrentCreator.Options()
        options.pieceLengthBytes = 32768
        let created = try await TorrentCreator(options: options).create(of: files.full("here/album"))
        metainfo = created.metainfo
        torrent = try await fixture.engine.add(
            metainfo,
            options: AddOptions(
                saveFolder: files.full("here"), members: EngineFixture.members(["127.0.0.0/24"]),
                content: .complete, identities: created.identities))
        try await torrent.start()
        try await torrent.waitUntilFinished()
    }

    var folder: TemporaryFolder { fixture.folder }
    func exists(_ path: String) -> Bool {
        var status = stat()
        return lstat(folder.full(path), &status) == 0
    }
    func bytes(_ path: String) throws -> [UInt8] {
        Array(try Data(contentsOf: URL(fileURLWithPath: folder.full(path))))
    }

    func expectSends() async throws {
        let (torrent, endpoint) = (torrent, fixture.endpoint)
        let blocks = try await onThread {
            try BlockReader(of: torrent, pieceLength: 32768, from: "127.0.0.2", at: endpoint)?
                .all(of: 100_000)
        }
        #expect(try #require(blocks).compactMap(\.self).flatMap(\.self) == content)
    }

    /// The torrent is where it was and works, and nothing was left in the other folder.
    func expectUnmoved(_ there: String) async throws {
        #expect(try bytes("here/album/sub/two") == Array(content[20_000...]))
        #expect(try await torrent.status().state == .seeding)
        try await expectSends()
        #expect(!exists(there + "/album/sub/one"))
    }
}

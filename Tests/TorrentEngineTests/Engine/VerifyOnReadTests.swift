import Foundation
import Testing

@testable import TorrentEngine

/// A seed that hashes each piece before it first sends it.
@Suite(.timeLimit(.minutes(2)))
struct VerifyOnReadTests {
    @Test("A byte that has rotted is never sent, is named, and is fetched again")
    func rotten() async throws {
        let fixture = try await EngineFixture()
        let content = noise(200_000)
        try fixture.folder.write("good/file", content)
        try fixture.folder.write("bad/file", content)
        var options = TorrentCreator.Options()
        options.pieceLengthBytes = 32_768
        let created = try await TorrentCreator(options: options).create(of: fixture.folder.full("good/file"))
        let good = try await fixture.engine.add(
            created.metainfo,
            options: AddOptions(
                saveFolder: fixture.folder.full("good"), members: EngineFixture.members(["127.0.0.2"]),
                content: .complete))
        try await good.start()
        let file = fixture.folder.full("bad/file")
        let handle = try #require(FileHandle(forUpdatingAtPath: file))
        try handle.seek(toOffset: 70_000)
        try handle.write(contentsOf: [content[70_000] ^ 1])
        try handle.close()

        let engine = try await Engine.start(
            EngineConfiguration(listen: [ListenAddress(parsing: "127.0.0.2:0")]))
        let events = engine.events()
        let members =
            [Member(try AddressRule(fixture.endpoint), source: .invite)]
            + (try EngineFixture.members(["127.0.0.3"]))
        let torrent = try await engine.add(
            created.metainfo,
            options: AddOptions(
                saveFolder: fixture.folder.full("bad"), members: members, content: .completeVerifiedOnRead))
        try await torrent.start()
        try await torrent.waitUntilFinished()
        let endpoint = try #require(await engine.listeningEndpoints.first)
        let blocks = try await onThread {
            try BlockReader(of: torrent, pieceLength: 32_768, from: "127.0.0.3", at: endpoint)?
                .all(of: content.count)
        }
        for (index, block) in (blocks ?? []).enumerated() {
            guard let block else { continue }
            let start = index * BlockReader.blockLength
            #expect(block == Array(content[start..<start + block.count]), "block \(index)")
        }
        var named: [String] = []
        for await event in events where event.torrent == torrent.id {
            guard case .corruptOnDisk(let piece, let paths) = event.kind else { continue }
            #expect(piece == 70_000 / 32_768)
            named = paths
            break
        }
        #expect(named == [file])
        try await torrent.start(dialling: [fixture.endpoint])
        while try Data(contentsOf: URL(fileURLWithPath: file)) != Data(content) {
            try await Task.sleep(for: .milliseconds(50))
        }
        while try await torrent.status().state != .seeding { try await Task.sleep(for: .milliseconds(50)) }
        try await engine.shutdown()
        try await fixture.engine.shutdown()
    }
}

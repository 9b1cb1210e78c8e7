import Testing

@testable import TorrentEngine

@Suite(.timeLimit(.minutes(2)))
struct StatusTests {
    @Test("Whoever looks at any moment sees a torrent checked together with what was there")
    func checked() async throws {
        let fixture = try await EngineFixture()
        let seeded = try await fixture.metainfo("a", bytes: 1 << 20)
        // Nearly all of it, so that it goes on downloading.
        var pieces = [UInt8](repeating: 0, count: (seeded.pieceCount + 7) / 8)
        for piece in 1..<seeded.pieceCount { pieces[piece / 8] |= 0x80 >> UInt8(piece % 8) }
        for _ in 0..<40 {
            let torrent = try await fixture.engine.add(
                seeded, options: AddOptions(saveFolder: fixture.folder.path, content: .pieces(pieces)))
            try await torrent.start()
            var status = try await torrent.status()
            while status.state == .checking { status = try await torrent.status() }
            #expect(status.state == .downloading)
            #expect(status.reusedBytes > 0)
            #expect(status.reusedBytes == status.verifiedBytes)
            try await torrent.remove()
        }
        try await fixture.engine.shutdown()
    }
}

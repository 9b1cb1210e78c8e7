import Testing
import TorrentEngine

/// Resume data of our own engine, saved and given back.
@Suite(.timeLimit(.minutes(1)))
struct ResumeTests {
    @Test("What a torrent has is saved, read, and had again without hashing")
    func roundTrip() async throws {
        let fixture = try await EngineFixture()
        let metainfo = try await fixture.metainfo("a", bytes: 100_000)
        let half = [UInt8](repeating: 0b1010_1010, count: (metainfo.pieceCount + 7) / 8)
        let first = try await fixture.engine.add(
            metainfo, options: AddOptions(saveFolder: fixture.folder.path, content: .pieces(half)))
        try await first.start()
        try await first.waitUntilChecked()
        let had = try await first.verifiedPieces()
        let data = try ResumeData(parsing: await first.resumeData(), of: metainfo)
        #expect(data.pieces == had && data.hadPieces > 0 && data.hadPieces < metainfo.pieceCount)
        #expect(data.filePriorities == [4] && data.addedTime != nil && data.completedTime == nil)
        try await first.remove()

        let again = try await fixture.engine.add(
            metainfo, options: AddOptions(saveFolder: fixture.folder.path, content: .resumed(data)))
        try await again.start()
        try await again.waitUntilChecked()
        // Hashing would have found every piece: the content is all there.
        #expect(try await again.verifiedPieces() == had)
        try await fixture.engine.shutdown()
    }

    @Test("Nothing had, all had, and all believed are told apart", arguments: [0, 1, 2])
    func extremes(_ which: Int) async throws {
        let fixture = try await EngineFixture()
        let metainfo = try await fixture.metainfo("a")
        let contents: [AddOptions.Content] = [.pieces([0]), .complete, .completeVerifiedOnRead]
        let torrent = try await fixture.engine.add(
            metainfo, options: AddOptions(saveFolder: fixture.folder.path, content: contents[which]))
        try await torrent.start()
        try await torrent.waitUntilChecked()
        let data = try ResumeData(parsing: await torrent.resumeData(), of: metainfo)
        // What is only believed was never verified, and so is not had.
        #expect(data.hadPieces == [0, metainfo.pieceCount, 0][which])
        try await fixture.engine.shutdown()
    }

    @Test func refusedWhereItDoesNotBelong() async throws {
        let fixture = try await EngineFixture()
        let one = try await fixture.metainfo("a")
        let other = try await fixture.metainfo("bb")
        let torrent = try await fixture.engine.add(one, options: AddOptions(saveFolder: fixture.folder.path))
        let early = await #expect(throws: EngineError.self) { try await torrent.resumeData() }
        #expect(early?.code == .wrongState)
        try await torrent.start()
        try await torrent.waitUntilChecked()
        let bytes = try await torrent.resumeData()
        let mismatch = #expect(throws: EngineError.self) { try ResumeData(parsing: bytes, of: other) }
        #expect(mismatch?.code == .contentMismatch)
        let data = try ResumeData(parsing: bytes, of: one)
        let wrong = await #expect(throws: EngineError.self) {
            try await fixture.engine.add(
                other, options: AddOptions(saveFolder: fixture.folder.path, content: .resumed(data)))
        }
        #expect(wrong?.code == .contentMismatch)
        try await fixture.engine.shutdown()
    }
}

import Foundation
import Testing

@testable import TorrentEngine

/// Hashing chosen pieces, past holes, and at a rate.
@Suite struct ChosenPiecesTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    private func create(_ name: String, _ bytes: [UInt8]) async throws -> Metainfo {
        try folder.write(name, bytes)
        var options = TorrentCreator.Options()
        options.pieceLengthBytes = 16_384
        return try await TorrentCreator(options: options).create(of: folder.full(name)).metainfo
    }

    @Test("Only chosen pieces are hashed, and of the others nothing is said")
    func chosen() async throws {
        var bytes = noise(10 * 16_384 - 100)
        let metainfo = try await create("T", bytes)
        for piece in [1, 4, 9] { bytes[piece * 16_384] ^= 1 }
        try folder.write("T", bytes)
        let reported = Locked<[HashProgress]>([])
        let found = try await PieceVerifier().verify(
            metainfo, in: folder.path, pieces: [0b1100_0000, 0b0100_0000]
        ) { progress in reported.withLock { $0.append(progress) } }
        #expect(found.bitfield == [0b1000_0000, 0])
        #expect(found.verifiedPieceCount == 1 && found.verifiedBytes == 16_384)
        #expect(found.badFiles.map(\.pieces) == [[1, 9]])
        #expect(found.identities.first??.sizeBytes == UInt64(bytes.count))
        let last = try #require(reported.withLock { $0.last })
        #expect(last.doneBytes == 3 * 16_384 - 100 && last.totalBytes == last.doneBytes)
    }

    @Test("A file that has none of the chosen pieces is not looked at")
    func otherFile() async throws {
        try folder.write("F/a", noise(2 * 16_384))
        try folder.write("F/b", noise(2 * 16_384, seed: 2))
        var options = TorrentCreator.Options()
        options.pieceLengthBytes = 16_384
        let metainfo = try await TorrentCreator(options: options).create(of: folder.full("F")).metainfo
        try FileManager.default.removeItem(atPath: folder.full("F/b"))
        let first = try await PieceVerifier().verify(metainfo, in: folder.path, pieces: [0b1100_0000])
        #expect(first.bitfield == [0b1100_0000] && first.badFiles.isEmpty)
        #expect(first.identities[0] != nil && first.identities[1] == nil)
        let second = try await PieceVerifier().verify(metainfo, in: folder.path, pieces: [0b0110_0000])
        #expect(second.bitfield == [0b0100_0000] && second.badFiles.map(\.pieces) == [[2]])
        #expect(second.badFiles.map(\.reason) == [.missing])
        let none = try await PieceVerifier().verify(metainfo, in: folder.path, pieces: [0])
        #expect(none.bitfield == [0] && none.badFiles.isEmpty)
        let short = await #expect(throws: EngineError.self) {
            try await PieceVerifier().verify(metainfo, in: folder.path, pieces: [])
        }
        #expect(short?.code == .invalidArgument)
    }

    @Test("Holes are the zeros that they are, wherever they begin and end, and cost nothing of the rate")
    func holes() async throws {
        // Data in the middle of one piece and over the edge of two others; the rest zeros, up to the end.
        var bytes = [UInt8](repeating: 0, count: 64 << 20)
        for (start, count) in [(5_000_000, 4096), (33 << 20, 100_000)] {
            bytes.replaceSubrange(start..<start + count, with: noise(count))
        }
        let metainfo = try await create("S", bytes)
        try FileManager.default.removeItem(atPath: folder.full("S"))
        try folder.write("S", [])
        let handle = try #require(FileHandle(forWritingAtPath: folder.full("S")))
        try handle.truncate(atOffset: UInt64(bytes.count))
        for (start, count) in [(5_000_000, 4096), (33 << 20, 100_000)] {
            try handle.seek(toOffset: UInt64(start))
            try handle.write(contentsOf: Data(bytes[start..<start + count]))
        }
        try handle.close()
        var info = stat()
        try #require(stat(folder.full("S"), &info) == 0)
        try #require(info.st_blocks * 512 < 4 << 20, "the file system keeps no holes")
        let clock = ContinuousClock()
        let started = clock.now
        // Of this rate, all of it would take over a minute.
        let verifier = PieceVerifier(pace: HashPace(bytesPerSecond: 1 << 20))
        let found = try await verifier.verify(metainfo, in: folder.path)
        #expect(found.verifiedPieceCount == metainfo.pieceCount && found.badFiles.isEmpty)
        #expect(clock.now - started < .seconds(30))
        // A hole where data should be is not taken for it.
        let empty = try #require(FileHandle(forWritingAtPath: folder.full("S")))
        try empty.truncate(atOffset: 0)
        try empty.truncate(atOffset: UInt64(bytes.count))
        try empty.close()
        let hollow = try await PieceVerifier().verify(metainfo, in: folder.path)
        let pieces = [5_000_000 / 16_384] + Array((33 << 20) / 16_384...((33 << 20) + 99_999) / 16_384)
        #expect(hollow.badFiles.map(\.pieces) == [pieces])
        // Nor is the end of a short file.
        try #require(truncate(folder.full("S"), 40 << 20) == 0)
        let short = try await PieceVerifier().verify(metainfo, in: folder.path)
        #expect(short.badFiles.map(\.reason) == [.short])
        #expect(short.verifiedPieceCount == (40 << 20) / 16_384 - pieces.count)
    }

    @Test("A rate holds, can be changed while it runs, and does not keep a cancelled run")
    func rate() async throws {
        let metainfo = try await create("R", noise(600_000))
        let path = folder.path
        let clock = ContinuousClock()
        var started = clock.now
        let found = try await PieceVerifier(pace: HashPace(bytesPerSecond: 400_000)).verify(
            metainfo, in: path)
        #expect(found.verifiedPieceCount == metainfo.pieceCount)
        #expect(clock.now - started > .seconds(1))

        let pace = HashPace(bytesPerSecond: 1024)
        let slow = Task { try await PieceVerifier(pace: pace).verify(metainfo, in: path) }
        try await Task.sleep(for: .milliseconds(100))
        #expect(pace.bytesPerSecond == 1024)
        pace.bytesPerSecond = 0
        #expect(try await slow.value.verifiedPieceCount == metainfo.pieceCount)

        started = clock.now
        let dropped = Task {
            try await PieceVerifier(pace: HashPace(bytesPerSecond: 1024)).verify(metainfo, in: path)
        }
        try await Task.sleep(for: .milliseconds(100))
        dropped.cancel()
        let error = await #expect(throws: EngineError.self) { try await dropped.value }
        #expect(error?.code == .cancelled)
        #expect(clock.now - started < .seconds(30))
    }
}

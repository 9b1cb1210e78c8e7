import Foundation
import Testing
import TorrentEngine

@Suite struct PieceVerifierTests {
    private let folder: TemporaryFolder
    private let first = noise(40_000)
    private let second = noise(30_000, seed: 2)

    init() throws {
        folder = try TemporaryFolder()
        try folder.write("T/a", first)
        try folder.write("T/b", second)
        try folder.write("T/empty", [])
    }

    private func verify(
        _ change: () throws -> Void
    ) async throws -> PieceVerifier.Verification {
        let metainfo = try await TorrentCreator().create(of: folder.full("T")).metainfo
        try change()
        return try await PieceVerifier().verify(metainfo, in: folder.path)
    }

    @Test func aFlippedByteSpoilsItsPiece() async throws {
        let found = try await verify {
            var bytes = first
            bytes[20_000] ^= 1
            try folder.write("T/a", bytes)
        }
        #expect(found.bitfield == [0b1011_1000] && found.verifiedPieceCount == 4)
        #expect(found.verifiedBytes == 70_000 - 16_384)
        #expect(found.badFiles.map(\.path) == ["T/a"])
        #expect(found.badFiles.first?.pieces == [1] && found.badFiles.first?.reason == .mismatch)
        #expect(found.isVerified(0) && !found.isVerified(1) && !found.isVerified(8) && !found.isVerified(-1))
    }

    @Test func aSharedPieceAccusesBoth() async throws {
        let found = try await verify {
            var bytes = second
            bytes[0] ^= 1
            try folder.write("T/b", bytes)
        }
        #expect(found.bitfield == [0b1101_1000])
        #expect(found.badFiles.map(\.pieces) == [[2], [2]])
    }

    @Test func whatGoesOnAfterItsEndIsFound() async throws {
        let found = try await verify {
            try folder.write("T/a", first + [1])
            try folder.write("T/empty", [1])
        }
        #expect(found.verifiedPieceCount == 5)
        #expect(found.badFiles.map(\.path) == ["T/a", "T/empty"])
        #expect(found.badFiles.allSatisfy { $0.reason == .long && $0.pieces.isEmpty })
    }

    @Test func aShortFileKeepsItsGoodPieces() async throws {
        let found = try await verify { try folder.write("T/a", Array(first.prefix(20_000))) }
        #expect(found.bitfield == [0b1001_1000])
        #expect(found.badFiles.map(\.reason) == [.short] && found.badFiles.first?.pieces == [1, 2])
    }

    @Test func missingFilesAreAllNamed() async throws {
        let found = try await verify {
            for name in ["T/a", "T/b", "T/empty"] {
                try FileManager.default.removeItem(atPath: folder.full(name))
            }
        }
        #expect(found.bitfield == [0] && found.verifiedBytes == 0)
        #expect(found.badFiles.map(\.reason) == [.missing, .missing, .missing])
        #expect(found.badFiles.map(\.pieces) == [[0, 1, 2], [2, 3, 4], []])
    }

    @Test func aLinkInTheWayIsNotFollowed() async throws {
        let found = try await verify {
            try FileManager.default.moveItem(atPath: folder.full("T/a"), toPath: folder.full("target"))
            try folder.link("T/a", to: folder.full("target"))
        }
        #expect(found.bitfield == [0b0001_1000])
        #expect(found.badFiles.map(\.reason) == [.unreadable] && found.badFiles.first?.systemErrno == ELOOP)
        let linked = try await verify {
            try FileManager.default.removeItem(atPath: folder.full("T/a"))
            try folder.write("T/a", first)
            try FileManager.default.moveItem(atPath: folder.full("T"), toPath: folder.full("moved"))
            try folder.link("T", to: "moved")
        }
        #expect(linked.badFiles.allSatisfy { $0.reason == .unreadable })
    }

    @Test(.timeLimit(.minutes(1))) func aPipeInTheWayDoesNotHang() async throws {
        let found = try await verify {
            try FileManager.default.removeItem(atPath: folder.full("T/a"))
            #expect(mkfifo(folder.full("T/a"), 0o600) == 0)
            try FileManager.default.removeItem(atPath: folder.full("T/b"))
            try folder.makeFolder("T/b")
        }
        #expect(found.badFiles.map(\.reason) == [.unreadable, .unreadable])
        #expect(found.badFiles.map(\.systemErrno) == [ENXIO, EISDIR])
    }

    @Test func padFilesAreZeros() async throws {
        let pad = Bencoded.dictionary([
            ("attr", .text("p")), ("length", .integer(16_384 - 10)),
            ("path", .list([.text(".pad"), .text("1")])),
        ])
        let file = Bencoded.dictionary([("length", .integer(10)), ("path", .list([.text("f")]))])
        // The SHA-1 of 16 KiB of zeros.
        let zeros = try InfoHash(parsing: "897256b6709e1a4da9daba92b6bde39ccfccd8c1")
        let info = Bencoded.dictionary([
            ("files", .list([file, pad])), ("name", .text("P")), ("piece length", .integer(16_384)),
            ("pieces", .string(zeros.bytes)),
        ])
        let metainfo = try Metainfo(bytes: Bencoded.dictionary([("info", info)]).bytes)
        try folder.write("P/f", [UInt8](repeating: 0, count: 10))
        let found = try await PieceVerifier().verify(metainfo, in: folder.path)
        #expect(found.bitfield == [0x80] && found.verifiedBytes == 10 && found.badFiles.isEmpty)
    }

    @Test func aMissingFolderIsAnError() async throws {
        let metainfo = try await TorrentCreator().create(of: folder.full("T")).metainfo
        let error = await #expect(throws: EngineError.self) {
            try await PieceVerifier().verify(metainfo, in: folder.full("nowhere"))
        }
        #expect(error?.code == .inputMissing)
    }
}

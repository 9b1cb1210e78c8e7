import Foundation
import Testing
import TorrentEngine

@Suite struct TorrentCreatorTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    private func create(
        _ relative: String, _ change: (inout TorrentCreator.Options) -> Void = { _ in }
    ) async throws(EngineError) -> TorrentCreator.Created {
        var options = TorrentCreator.Options()
        change(&options)
        return try await TorrentCreator(options: options).create(of: folder.full(relative))
    }

    private func failure(
        _ relative: String, _ change: (inout TorrentCreator.Options) -> Void = { _ in }
    ) async -> EngineError? {
        do {
            _ = try await create(relative, change)
            return nil
        } catch {
            return error
        }
    }

    @Test func aFolderBecomesATorrent() async throws {
        try folder.write("album/b.bin", noise(40_000))
        try folder.write("album/a/Ünï日本 .txt", noise(10))
        try folder.write("album/a.txt", [])
        try folder.write("album/.hidden", [1])
        chmod(folder.full("album/b.bin"), 0o755)
        let created = try await create("album")
        let metainfo = created.metainfo
        #expect(metainfo.name == "album" && metainfo.isPrivate && metainfo.sizeBytes == 40_011)
        #expect(
            metainfo.files.map(\.path) == [
                "album/.hidden", "album/a/Ünï日本 .txt", "album/a.txt", "album/b.bin",
            ])
        #expect(metainfo.files.map(\.isExecutable) == [false, false, false, true])
        #expect(metainfo.pieceLengthBytes == 16384 && metainfo.pieceCount == 3)
        #expect(created.skipped.isEmpty && created.savePath == folder.path)
        #expect(created.files.map(\.path).first == folder.full("album/.hidden"))
        #expect(try Metainfo(bytes: created.torrent).infoHash == metainfo.infoHash)
        #expect(created.torrent == metainfo.sanitisedTorrent)
        let found = try await PieceVerifier().verify(metainfo, in: folder.path)
        #expect(found.badFiles.isEmpty && found.verifiedBytes == 40_011 && found.bitfield == [0b1110_0000])
    }

    @Test func equalContentGivesEqualBytes() async throws {
        try folder.write("one/T/x", noise(100_000))
        try folder.write("one/T/y/z", noise(5, seed: 2))
        try folder.write("two/T/y/z", noise(5, seed: 2))
        try folder.write("two/T/x", noise(100_000))
        let one = try await create("one/T") { $0.threads = 1 }
        let two = try await create("two/T/") { $0.threads = 3 }
        #expect(one.torrent == two.torrent)
        let dated = try await create("one/T") {
            $0.creationDate = 1
            $0.createdBy = "test"
        }
        #expect(dated.torrent.starts(with: Array("d10:created by4:test13:creation datei1e4:infod".utf8)))
        #expect(dated.metainfo.infoHash == one.metainfo.infoHash)
        #expect(try await create("one/T") { $0.isPrivate = false }.metainfo.infoHash != one.metainfo.infoHash)
    }

    @Test func aSingleFileIsItsOwnName() async throws {
        try folder.write("movie.mkv", noise(20_000))
        chmod(folder.full("movie.mkv"), 0o700)
        let created = try await create("movie.mkv")
        #expect(created.metainfo.files.map(\.path) == ["movie.mkv"])
        #expect(created.metainfo.files.first?.isExecutable == true)
        #expect(created.savePath == folder.path)
        let renamed = try await create("movie.mkv") { $0.name = "other" }
        #expect(renamed.metainfo.files.map(\.path) == ["other"] && renamed.savePath == nil)
    }

    @Test func whatCannotBeCarriedIsListed() async throws {
        try folder.write("T/file", [1])
        try folder.write("outside", [2])
        try folder.makeFolder("T/empty")
        try folder.link("T/link", to: folder.full("outside"))
        try folder.link("T/up", to: "..")
        #expect(mkfifo(folder.full("T/pipe"), 0o600) == 0)
        let created = try await create("T")
        #expect(created.metainfo.files.map(\.path) == ["T/file"])
        #expect(
            created.skipped.map { "\($0.path): \($0.reason)" } == [
                "empty: emptyFolder", "link: symbolicLink", "pipe: specialFile", "up: symbolicLink",
            ])
    }

    @Test func hiddenOnesCanBeSkipped() async throws {
        try folder.write("T/.git/config", [1])
        try folder.write("T/.x", [1])
        try folder.write("T/y", [1])
        let created = try await create("T") { $0.skipHidden = true }
        #expect(created.metainfo.files.map(\.path) == ["T/y"])
        #expect(created.skipped.map(\.path) == [".git", ".x"])
    }

    @Test func nothingToShare() async throws {
        try folder.makeFolder("none")
        try folder.write("empty/a", [])
        #expect(await failure("none")?.code == .nothingToShare)
        #expect(await failure("empty")?.code == .nothingToShare)
        #expect(await failure("empty/a")?.code == .nothingToShare)
        #expect(await failure("missing")?.code == .inputMissing)
    }

    @Test func aLinkAsThePathIsRefused() async throws {
        try folder.write("T/a", [1])
        try folder.link("link", to: "T")
        #expect(await failure("link")?.code == .invalidArgument)
        #expect(await failure("link/")?.code == .invalidArgument)
        // But the way to it may lead through one.
        try folder.write("T/U/a", [1])
        #expect(try await create("link/U").metainfo.name == "U")
    }

    @Test func namesThatWouldChangeAreRefused() async throws {
        for name in ["...", "a\\b", "a\u{202e}b", "a\nb", " ", String(repeating: "a", count: 254)] {
            try folder.write("T\(name.utf8.count)\(name.hashValue)/\(name)", [1])
            let error = await failure("T\(name.utf8.count)\(name.hashValue)")
            #expect(error?.code == .invalidArgument && error?.path?.hasSuffix(name) == true, "\(name)")
        }
        try folder.write(".config/a", [1])
        #expect(await failure(".config")?.code == .refusedByPrivateMode)
        #expect(try await create(".config") { $0.name = "config" }.metainfo.name == "config")
        #expect(await failure(".config") { $0.name = "a/b" }?.code == .invalidArgument)
        #expect(await failure(".config") { $0.name = ".." }?.code == .invalidArgument)
    }

    @Test func aNameThatIsNotUTF8IsRefused() async throws {
        try folder.makeFolder("T")
        let path = Array(folder.full("T/bad").utf8CString.dropLast()) + [CChar(bitPattern: 0xff), 0]
        let file = open(path, O_CREAT | O_WRONLY, 0o600)
        #expect(file >= 0)
        close(file)
        let error = await failure("T")
        #expect(error?.code == .invalidArgument && error?.path?.contains("T/bad") == true)
    }

    @Test func pieceLengths() async throws {
        try folder.write("T", noise(100_000))
        #expect(try await create("T") { $0.pieceLengthBytes = 65536 }.metainfo.pieceCount == 2)
        for bad in [0, 1, 16385, 8192, 1 << 25, -16384] {
            #expect(await failure("T") { $0.pieceLengthBytes = bad }?.code == .invalidArgument)
        }
        let error = await failure("T") { $0.limits.maxPieces = 6 }
        #expect(error?.code == .limitExceeded)
        #expect(await failure("T") { $0.limits.maxContentBytes = 99_999 }?.code == .limitExceeded)
    }
}

import Testing
import TorrentEngine

/// Resume data that nobody of ours wrote: only what is safe comes out, or an error that says what is wrong.
@Suite struct ResumeDataTests {
    /// Three files of 10,000 bytes: two pieces of 16 KiB.
    private let metainfo: Metainfo

    init() throws {
        let files = (0..<3).map {
            Bencoded.dictionary([("length", .integer(10_000)), ("path", .list([.text("f\($0)")]))])
        }
        let info: [(String, Bencoded)] = [
            ("files", .list(files)), ("name", .text("T")), ("piece length", .integer(16384)),
            ("pieces", .string([UInt8](repeating: 7, count: 40))),
        ]
        metainfo = try Metainfo(infoDictionary: Bencoded.dictionary(info).bytes)
    }

    /// What libtorrent writes, with some keys replaced or taken out.
    private func bytes(_ changes: [String: Bencoded?] = [:]) -> [UInt8] {
        var all: [String: Bencoded] = [
            "file-format": .text("libtorrent resume file"), "file-version": .integer(1),
            "info-hash": .string(metainfo.infoHash.bytes),
            "info-hash2": .string([UInt8](repeating: 0, count: 32)),
            "pieces": .string([1, 0]), "total_uploaded": .integer(5), "total_downloaded": .integer(7),
            "added_time": .integer(1_700_000_000), "completed_time": .integer(0),
        ]
        for (key, value) in changes { all[key] = value }
        return Bencoded.dictionary(all.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }).bytes
    }

    private func read(_ changes: [String: Bencoded?] = [:]) throws(EngineError) -> ResumeData {
        try ResumeData(parsing: bytes(changes), of: metainfo)
    }

    private func code(_ bytes: [UInt8], limits: MetainfoLimits = .standard) -> EngineError.Code? {
        do {
            _ = try ResumeData(parsing: bytes, of: metainfo, limits: limits)
            return nil
        } catch {
            return error.code
        }
    }

    @Test func whatIsSafeIsRead() throws {
        let data = try read(["file_priority": .list([.integer(0), .integer(7)])])
        #expect(data.infoHash == metainfo.infoHash)
        #expect(data.pieces == [0b1000_0000] && data.hadPieces == 1)
        #expect(data.filePriorities == [0, 7, 4])
        #expect(data.uploadedBytes == 5 && data.downloadedBytes == 7)
        #expect(data.addedTime == 1_700_000_000 && data.completedTime == nil)
    }

    @Test("Peers, trackers, flags, paths and names change nothing of what is read")
    func restIsIgnored() throws {
        let hostile: [String: Bencoded?] = [
            "peers": .string([10, 0, 0, 1, 0x1a, 0xe1]), "peers6": .string([UInt8](repeating: 1, count: 18)),
            "banned_peers": .string([10, 0, 0, 2, 0, 1]), "banned_peers6": .text("short"),
            "trackers": .list([.list([.text("udp://192.0.2.1:1")])]),
            "url-list": .list([.text("http://192.0.2.1/")]),
            "httpseeds": .list([.text("http://192.0.2.1/")]), "nodes": .list([]),
            "similar": .list([.text("x")]),
            "save_path": .text("/etc"), "name": .text("../x"), "comment": .text("x"),
            "mapped_files": .list([.text("/etc/passwd"), .text("../../x")]),
            "apply_ip_filter": .integer(0), "disable_pex": .integer(0), "auto_managed": .integer(1),
            "share_mode": .integer(1), "upload_mode": .integer(1), "max_connections": .integer(1),
            "info": .dictionary([]), "trees": .list([.integer(1)]), "unfinished": .list([.integer(3)]),
            "piece_priority": .string([0]),
        ]
        #expect(try read(hostile) == read())
    }

    @Test("A seed that was never verified is not believed to have what it says")
    func seedMode() throws {
        let data = try read(["seed_mode": .integer(1), "pieces": .string([3, 1])])
        #expect(data.pieces == [0b1000_0000] && data.hadPieces == 1)
        #expect(try read(["pieces": .string([3, 1])]).hadPieces == 2)
    }

    @Test func noPiecesAtAll() throws {
        let data = try read(["pieces": .string([])])
        #expect(data.pieces == [0] && data.hadPieces == 0)
    }

    @Test func anotherTorrentsIsRefused() {
        let other = Bencoded.string([UInt8](repeating: 9, count: 20))
        #expect(code(bytes(["info-hash": other])) == .contentMismatch)
        #expect(code(bytes(["info-hash2": .string([UInt8](repeating: 1, count: 32))])) == .contentMismatch)
        #expect(code(bytes(["info-hash": nil])) == .contentMismatch)
        #expect(code(bytes(["info-hash": .text("short")])) == .contentMismatch)
        #expect(code(bytes(["info-hash2": nil])) == nil)  // before 2.0 there was none
    }

    @Test func whatDoesNotFitIsRefused() {
        let wrong: [[String: Bencoded?]] = [
            ["pieces": .string([1])], ["pieces": .string([1, 1, 1])], ["pieces": .string([1, 4])],
            ["pieces": .integer(1)], ["pieces": nil], ["file-format": .text("x")],
            ["file-format": nil],
            ["file_priority": .list([4, 4, 4, 4].map { .integer($0) })],
            ["file_priority": .list([.integer(8)])],
            ["file_priority": .list([.integer(-1)])], ["file_priority": .list([.text("4")])],
            ["total_uploaded": .integer(-1)], ["added_time": .integer(-1)],
            ["info-hash": nil, "info-hash2": nil],
        ]
        for changes in wrong { #expect(code(bytes(changes)) == .malformed, "\(changes)") }
        #expect(code(bytes() + [0x65]) == .malformed)
        #expect(code(Array("le".utf8)) == .malformed)
        #expect(code([]) == .malformed)
    }

    @Test func everyTruncationIsRefused() {
        let whole = bytes()
        for length in whole.indices { #expect(code(Array(whole[..<length])) == .malformed) }
    }

    @Test func limitsHold() {
        #expect(code(bytes(), limits: MetainfoLimits(maxBytes: bytes().count - 1)) == .limitExceeded)
        #expect(code(bytes(), limits: MetainfoLimits(maxTokens: 10)) == .limitExceeded)
        let deep =
            Array("d1:x".utf8) + [UInt8](repeating: UInt8(ascii: "l"), count: 40)
            + [UInt8](repeating: UInt8(ascii: "e"), count: 41)
        #expect(code(deep) == .limitExceeded)
    }
}

import Testing
import TorrentEngine

@Suite struct MetainfoTests {
    private func code(_ bytes: [UInt8], _ limits: MetainfoLimits = .standard) -> EngineError.Code? {
        do {
            _ = try Metainfo(bytes: bytes, limits: limits)
            return nil
        } catch {
            return error.code
        }
    }

    @Test func factsAreRead() throws {
        let metainfo = try Metainfo(
            bytes: Bencoded.torrent(
                name: Array("T".utf8), paths: [[[97]], [[98], [99]]], info: [("private", .integer(1))],
                outside: [
                    ("announce", .text("http://example.com")), ("nodes", .list([])),
                    ("url-list", .text("http://x")),
                    ("httpseeds", .list([])), ("similar", .list([])),
                ]))
        #expect(metainfo.name == "T" && metainfo.isPrivate && metainfo.refusals.isEmpty)
        #expect(metainfo.files.map(\.path) == ["T/a", "T/b/c"] && metainfo.renamed.isEmpty)
        #expect(metainfo.files.map(\.offsetBytes) == [0, 10] && metainfo.sizeBytes == 20)
        #expect(metainfo.pieceLengthBytes == 16384 && metainfo.pieceCount == 1)
        #expect(metainfo.dropped == [.trackers, .webSeeds, .httpSeeds, .nodes, .similar])
        let again = try Metainfo(bytes: metainfo.sanitisedTorrent)
        #expect(again.dropped.isEmpty && again.infoHash == metainfo.infoHash)
        #expect(metainfo.sanitisedTorrent.starts(with: Array("d4:infod".utf8)))
    }

    @Test func anInfoDictionaryAloneIsTheSameTorrent() throws {
        let metainfo = try Metainfo(bytes: Bencoded.torrent("T", [["a"]]))
        let info = Array(metainfo.sanitisedTorrent.dropFirst(7).dropLast())
        #expect(try Metainfo(infoDictionary: info).infoHash == metainfo.infoHash)
        #expect(throws: EngineError.self) { try Metainfo(infoDictionary: info + [0]) }
        #expect(throws: EngineError.self) { try Metainfo(infoDictionary: metainfo.sanitisedTorrent) }
    }

    @Test func featuresAreRefused() throws {
        func refusals(_ name: String, _ info: [(String, Bencoded)]) throws -> [Metainfo.Refusal] {
            try Metainfo(bytes: Bencoded.torrent(name: Array(name.utf8), paths: [[[97]]], info: info))
                .refusals
        }
        #expect(try refusals("T", [("similar", .list([]))]) == [.similar])
        #expect(try refusals("T", [("collections", .integer(1))]) == [.similar])
        #expect(try refusals("T", [("ssl-cert", .text("x"))]) == [.sslCertificate])
        #expect(try refusals(".ssh", []) == [.hiddenName])
        #expect(try refusals("\u{202a}.ssh", []) == [.hiddenName])
        #expect(try refusals("T", [("meta version", .integer(1))]) == [.v2])
        let metainfo = try Metainfo(bytes: Bencoded.torrent(".ssh", [["a"]]))
        try metainfo.checkPrivateMode(tolerating: [.hiddenName])
    }

    @Test func limitsHold() {
        let torrent = Bencoded.torrent("T", (0..<3000).map { ["file \($0)"] })
        #expect(code(torrent) == nil)
        #expect(code(torrent, MetainfoLimits(maxBytes: torrent.count - 1)) == .limitExceeded)
        #expect(code(torrent, MetainfoLimits(maxTokens: 1000)) == .limitExceeded)
        #expect(code(torrent, MetainfoLimits(maxFiles: 2999)) == .limitExceeded)
        #expect(code(torrent, MetainfoLimits(maxPieces: 1)) == .limitExceeded)
        #expect(code(torrent, MetainfoLimits(maxContentBytes: 29_999)) == .limitExceeded)
        #expect(code(torrent, MetainfoLimits(maxDepth: 3)) == .limitExceeded)
        #expect(code(torrent, MetainfoLimits(maxContentBytes: 30_000)) == nil)
    }

    @Test(arguments: ["", "d", "de", "le", "i1e", "d4:infodee", "d4:infoi1ee", "d4:infod4:name1:aee"])
    func brokenBytesAreMalformed(_ text: String) { #expect(code(Array(text.utf8)) == .malformed) }

    @Test func everyTruncationIsRefused() {
        let torrent = Bencoded.torrent("T", [["a"], ["b", "c"]])
        for length in 0..<torrent.count { #expect(code(Array(torrent.prefix(length))) == .malformed) }
    }

    @Test func aMissingFileIsNamed() {
        let error = #expect(throws: EngineError.self) { try Metainfo(contentsOf: "/no/such/file") }
        #expect(error?.code == .inputMissing && error?.path == "/no/such/file")
    }

    /// The engine by itself takes time that grows with the square of the number of equal names.
    @Test(.timeLimit(.minutes(1))) func manyEqualNamesAreFast() throws {
        let metainfo = try Metainfo(
            bytes: Bencoded.torrent("T", .init(repeating: ["same.txt"], count: 50_000)))
        #expect(Set(metainfo.files.map(\.path)).count == 50_000)
    }

    @Test func tooManyFoldersAreRefused() {
        let paths = (0..<60_000).map { ["d\($0)", "f"] }
        #expect(code(Bencoded.torrent("T", paths)) == .limitExceeded)
    }
}

import Foundation
import NodeControl
import Testing
import TorrentEngine

@testable import swarmctl

/// What the commands make of a node's answers.
@Suite struct NodeViewsTests {
    private static func torrents(_ named: [(digits: String, name: String?)]) throws -> [TorrentReport] {
        try named.map { digits, name in
            let hash = digits + String(repeating: "0", count: 40 - digits.count)
            let nameField = name.map { "\"name\":\"\($0)\"," } ?? ""
            let text = """
                {"infoHash":"\(hash)",\(nameField)"state":"seeding","role":"seed","sizeBytes":10,"wantedBytes":10,
                "verifiedBytes":10,"progress":1,"downloadRate":\(digits.count),"uploadRate":0,"receivedBytes":0,
                "uploadedBytes":0,"wastedBytes":0,"connectedPeers":0,"members":[],
                "limits":{"upload":0,"download":0},"addedTime":"2026-01-01T00:00:00Z"}
                """
            return try JSONDecoder().decode(TorrentReport.self, from: Data(text.utf8))
        }
    }

    @Test("A torrent is meant by its info-hash, the first digits of it, or its name; never by chance")
    func argument() throws {
        let torrents = try Self.torrents([
            ("abcd1", "one"), ("abcd2", "two"), ("ffff", "eeee0"), ("eeee0", nil), ("dddd", "beef"),
        ])
        func found(_ text: String) -> String? {
            (try? TorrentArgument.find(text, in: torrents))?.infoHash.description.prefix(5).description
        }
        #expect(found("ABCD1") == "abcd1")
        #expect(found("two") == "abcd2")
        #expect(found("\(torrents[3].infoHash)") == "eeee0")
        #expect(found("beef") == "dddd0")
        // A name that is another's digits is neither.
        #expect(found("eeee0") == nil && found("eeee") == "eeee0")
        #expect(throws: Failure.self) { try TorrentArgument.find("abc", in: torrents) }
        let twice = try Self.torrents([("abcd1", "same"), ("abcd2", "same")])
        for text in ["same", "abcd"] {
            do throws(Failure) {
                _ = try TorrentArgument.find(text, in: twice)
                Issue.record("\(text) is one of two")
            } catch {
                #expect(error.status == .usage)
            }
        }
    }

    @Test("A cell of the piece map stands for as many pieces as must be, and shows how many are there")
    func pieces() throws {
        func drawing(_ count: Int, _ bytes: [UInt8], width: Int = 4, rows: Int = 2) throws -> [String] {
            let text = """
                {"schemaVersion":1,"pieceCount":\(count),"verifiedPieces":0,
                "bitfield":"\(Data(bytes).base64EncodedString())"}
                """
            return Pieces.drawing(
                of: try JSONDecoder().decode(PieceMap.self, from: Data(text.utf8)), width: width, rows: rows)
        }
        #expect(try drawing(6, [0b1010_1100]) == ["█░█░", "██"])
        #expect(try drawing(16, [0xff, 0b0110_0000]) == ["████", "▓▓░░"])
        // 33 pieces on 8 cells: five to each, and three in the last.
        #expect(try drawing(33, [0xf8, 0, 0, 0, 0x80], rows: 2) == ["█░░░", "░░▒"])
        #expect(try drawing(0, []) == [])
        // A bitfield that is too short claims nothing.
        #expect(try drawing(9, [0xff]) == ["▓░░░", "░"] || drawing(9, [0xff]).joined().last == "░")
    }

    @Test("A rule in a query keeps its marks")
    func percent() {
        #expect(percentEncoded("[fe80::1%eth0]:1/64 ü") == "%5Bfe80%3A%3A1%25eth0%5D%3A1%2F64%20%C3%BC")
    }

    @Test("The screen names what does not fit, and the busiest come first")
    func top() throws {
        let status = try JSONDecoder().decode(
            NodeStatus.self,
            from: Data(
                """
                {"schemaVersion":1,"version":"1","engineVersion":"2","processID":1,
                "startedTime":"2026-01-01T00:00:00Z","uptimeSeconds":61,"listen":[],"unavailableInterfaces":[],
                "stateDirectory":"/s","wasUnclean":false,"stateProblems":0,"downloadRate":0,"uploadRate":0,
                "connectedPeers":0,"torrents":{"total":3,"paused":0,"preparing":0,"downloading":0,"seeding":3,
                "failed":0},"notReady":["a reason"]}
                """.utf8))
        let torrents = try Self.torrents([("a", "slow"), ("bbb", "fast"), ("cc", "middle")])
        let lines = Top.lines(status, torrents, .rate, rows: 24)
        #expect(lines[2] == "not ready: a reason")
        #expect(
            lines.filter { $0.contains("seeding  ") }.map { $0.split(separator: " ").last } == [
                "fast", "middle", "slow",
            ])
        let few = Top.lines(status, torrents, .name, rows: 8)
        #expect(few.count <= 8)
        #expect(few.contains("… 2 more"))
        #expect(few.contains { $0.hasSuffix("fast") })
    }

    @Test("Columns stand below each other")
    func columns() {
        #expect(
            List.aligned([["A", "BB", "C"], ["long", "b", "as long as it is"]]) == [
                "A     BB  C", "long  b   as long as it is",
            ])
    }
}

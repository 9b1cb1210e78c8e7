import Foundation
import Testing
import TorrentEngine

@Suite struct InfoHashTests {
    private let hex = "c0fda1edafdbdbb96443424e0b3899af7159d10e"

    @Test func hexRoundTripsInLowerCase() throws {
        #expect(try InfoHash(parsing: hex.uppercased()).description == hex)
        #expect(try InfoHash(parsing: hex).bytes.count == 20)
    }

    @Test func base32IsTheSameHash() throws {
        let zeros = try InfoHash(parsing: String(repeating: "A", count: 32))
        #expect(zeros.bytes == [UInt8](repeating: 0, count: 20))
        let ones = try InfoHash(parsing: String(repeating: "7", count: 32))
        #expect(ones.bytes == [UInt8](repeating: 255, count: 20))
        let mixed = try InfoHash(parsing: "ya62d3np3pn3szcdijhawoezv5yvtuio")
        #expect(mixed.bytes.first == 0xc0)
    }

    @Test(arguments: ["", "c0fd", String(repeating: "g", count: 40), String(repeating: "1", count: 32), "é"])
    func othersAreRefused(_ text: String) {
        #expect(throws: EngineError.self) { try InfoHash(parsing: text) }
    }

    @Test func wrongByteCountIsNil() {
        #expect(InfoHash(bytes: [1, 2, 3]) == nil)
        #expect(InfoHash(bytes: 0..<20)?.bytes == Array(0..<20))
    }

    @Test func codesAsText() throws {
        let hash = try InfoHash(parsing: hex)
        let json = try JSONEncoder().encode([hash])
        #expect(String(decoding: json, as: UTF8.self) == "[\"\(hex)\"]")
        #expect(try JSONDecoder().decode([InfoHash].self, from: json) == [hash])
        #expect(throws: DecodingError.self) {
            try JSONDecoder().decode([InfoHash].self, from: Data("[\"x\"]".utf8))
        }
    }
}

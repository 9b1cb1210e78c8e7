import Foundation
import Testing
import TorrentEngine

private let sharedTorrents =
    ProcessInfo.processInfo.environment["PRIVATETORRENT_TEST_TORRENTS"]

/// Real and hostile torrents out of the test suites of other clients.
@Suite(.enabled(if: sharedTorrents != nil, "PRIVATETORRENT_TEST_TORRENTS is not set"))
struct SharedTorrentTests {
    struct Expected: Decodable, Sendable {
        let privateMode: String
        let v1: String?
        let files: Int?
        let sizeBytes: UInt64?
    }

    static let expected: [(name: String, expected: Expected)] = {
        guard let folder = sharedTorrents,
            let json = FileManager.default.contents(atPath: folder + "/expected.json"),
            let all = try? JSONDecoder().decode([String: Expected].self, from: json)
        else { return [] }
        return all.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
    }()

    @Test func thereAreSome() { #expect(Self.expected.count > 60) }

    @Test(arguments: expected)
    func comesOutAsExpected(_ name: String, _ expected: Expected) throws {
        let folder = try #require(sharedTorrents)
        if expected.privateMode == "refuse: malformed" {
            let error = #expect(throws: EngineError.self) { try Metainfo(contentsOf: folder + "/" + name) }
            #expect(error?.code == .malformed)
            return
        }
        let metainfo = try Metainfo(contentsOf: folder + "/" + name)
        guard expected.privateMode == "load" else {
            let reason = expected.privateMode.dropFirst("refuse: ".count)
            #expect(metainfo.refusals.map(\.rawValue).contains(String(reason)))
            let error = #expect(throws: EngineError.self) { try metainfo.checkPrivateMode() }
            #expect(error?.code == .refusedByPrivateMode)
            return
        }
        #expect(metainfo.refusals.isEmpty)
        #expect(metainfo.infoHash.description == expected.v1)
        #expect(metainfo.files.count == expected.files)
        // Stock counts pad files too.
        #expect(metainfo.files.reduce(0) { $0 + $1.sizeBytes } == expected.sizeBytes)
        #expect(metainfo.pieceHashes.count == metainfo.pieceCount * 20)

        let again = try Metainfo(bytes: metainfo.sanitisedTorrent)
        #expect(again.infoHash == metainfo.infoHash && again.dropped.isEmpty && again.files == metainfo.files)
    }
}

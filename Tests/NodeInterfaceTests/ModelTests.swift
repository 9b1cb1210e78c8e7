import Foundation
import NodeInterface
import Testing

@Suite("Models")
struct ModelTests {
    @Test("a job finds its variants by ID")
    func variants() {
        let job = SwarmJob(
            jobID: "7", file: SwarmFile(contentID: "c", hash: "h", sizeBytes: 1),
            variants: [
                SwarmVariant(id: "v1", reference: .infoHash("00")),
                SwarmVariant(id: "v2", reference: .localFile(path: "/srv/a.flac")),
            ])
        #expect(job.variant(id: "v2")?.reference == .localFile(path: "/srv/a.flac"))
        #expect(job.variant(id: "V2") == nil)
        #expect(job.variant(id: "") == nil)
    }

    @Test(
        "progress as a fraction",
        arguments: [(0, nil, nil), (0, 0, 1), (0, 10, 0), (5, 10, 0.5), (10, 10, 1), (11, 10, 1)]
            as [(UInt64, UInt64?, Double?)])
    func fraction(completed: UInt64, total: UInt64?, expected: Double?) {
        let progress = TransferProgress(phase: .downloading, completedBytes: completed, totalBytes: total)
        #expect(progress.fraction == expected)
    }

    @Test("fetched content adds up its files")
    func total() {
        let files = [1, 2, 40].map { FetchedFile(path: "/d/n/\($0)", relativePath: "n/\($0)", sizeBytes: $0) }
        #expect(FetchedContent(infoHash: "00", name: "n", folder: "/d", files: files).totalBytes == 43)
        #expect(FetchedContent(infoHash: "00", name: "n", folder: "/d", files: []).totalBytes == 0)
    }

    @Test("JSON has the names of the contract")
    func json() throws {
        #expect(
            try json(SwarmFile(contentID: "c", hash: "h", sizeBytes: 5))
                == #"{"contentID":"c","hash":"h","sizeBytes":5}"#)
        #expect(
            try json(SwarmSource(peerID: "p", transport: "mesh", address: "10.0.0.1", port: 6881))
                == #"{"address":"10.0.0.1","peerID":"p","port":6881,"transport":"mesh"}"#)
        #expect(
            try json(TransferProgress(phase: .checking))
                == #"{"completedBytes":0,"connectedPeers":0,"downloadBytesPerSecond":0,"phase":"checking"}"#)
    }

    @Test("JSON of a candidate has the names of the contract, and times of RFC 3339")
    func candidate() throws {
        let candidate = SourceCandidate(
            id: "1", itemID: "i", backend: .torrent, backendRef: "00", expectedQuality: 0.5, trustScore: 1,
            seeders: 3, lastSeenAt: UnixTime(milliseconds: 1500), isFromPrivateSource: true)
        #expect(
            try json(candidate)
                == #"{"backend":"torrent","backendRef":"00","expectedQuality":0.5,"id":"1","#
                + #""isFromPrivateSource":true,"isPreferred":false,"itemID":"i","#
                + #""lastSeenAt":"1970-01-01T00:00:01.500Z","seeders":3,"trustScore":1}"#)
        #expect(
            try JSONDecoder().decode(SourceCandidate.self, from: Data(json(candidate).utf8)) == candidate)
    }

    @Test("random IDs have 128 bits and differ")
    func randomIDs() {
        let ids = Set((0..<1000).map { _ in Signal.randomID() })
        #expect(ids.count == 1000)
        #expect(ids.allSatisfy { $0.utf8.count == 32 && UInt128($0, radix: 16) != nil })
    }

    @Test("a budget that pays for everything pays for no negative sum")
    func budget() async {
        #expect(await UnlimitedWorkBudget().trySpend(.max))
        #expect(await !UnlimitedWorkBudget().trySpend(-1))
    }

    @Test("an overlay that only streams is asked for one peer without waiting for ever")
    func overlayLookUp() async {
        struct Streaming: OverlayPeerProvider {
            func peerEvents(jobID: String) -> AsyncStream<OverlayPeerEvent> {
                AsyncStream { $0.yield(.joined(OverlayPeer(peerID: "p", endpoints: ["10.0.0.1:1"]))) }
            }
        }
        #expect(await Streaming().endpoints(ofPeer: "p", inJob: "j") == ["10.0.0.1:1"])
        #expect(await Streaming().endpoints(ofPeer: "q", inJob: "j").isEmpty)
    }

    @Test("JSON of a later version's phase is kept")
    func phase() throws {
        let phase = try JSONDecoder().decode([TransferProgress.Phase].self, from: Data(#"["moving"]"#.utf8))
        #expect(phase == [TransferProgress.Phase(rawValue: "moving")])
    }

    @Test("JSON refuses a port that is none", arguments: [-1, 65_536])
    func port(port: Int) {
        let text = #"{"peerID":"p","transport":"mesh","port":\#(port)}"#
        #expect(throws: DecodingError.self) {
            try JSONDecoder().decode(SwarmSource.self, from: Data(text.utf8))
        }
    }

    private func json(_ value: some Encodable) throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return String(decoding: try encoder.encode(value), as: UTF8.self)
    }
}

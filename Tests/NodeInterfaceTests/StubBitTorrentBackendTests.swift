import NodeInterface
import Testing

@Suite("StubBitTorrentBackend")
struct StubBitTorrentBackendTests {
    private let stub: any BitTorrentBackend = StubBitTorrentBackend()

    @Test("supports nothing")
    func unsupported() async {
        #expect(await !stub.isSupported)
    }

    @Test("prepares nothing, and says so")
    func prepares() async throws {
        let job = SwarmJob(jobID: "7", file: SwarmFile(contentID: "c", hash: "h", sizeBytes: 1))
        let error = await #expect(throws: BackendError.self) {
            try await stub.preparePrivateTorrent(job: job, variant: "v1")
        }
        #expect(error?.code == .unsupported)
        #expect(error?.description == "cannot prepare a private torrent: this node has no BitTorrent engine")
        #expect(error?.remedy != nil)
    }

    @Test("fetches nothing, and says so, without a word of progress")
    func fetches() async throws {
        let error = await #expect(throws: BackendError.self) {
            try await stub.fetch(infoHashOrMagnet: String(repeating: "0", count: 40), into: "/tmp") { _ in
                Issue.record("no progress is made")
            }
        }
        #expect(error?.code == .unsupported)
        await #expect(throws: BackendError.self) { try await stub.fetch(infoHashOrMagnet: "", into: "/tmp") }
    }

    @Test("carries no fallback, and says so")
    func fallback() async {
        let job = SwarmJob(jobID: "7", file: SwarmFile(contentID: "c", hash: "h", sizeBytes: 1))
        let prepared = await #expect(throws: BackendError.self) {
            try await stub.preparePrivateTorrent(
                job: job, variant: "v", holder: "p", preferredPieceSizeBytes: nil)
        }
        #expect(prepared?.code == .unsupported)
        let fetched = await #expect(throws: BackendError.self) {
            try await stub.fetch(infoHash: "00", for: job, into: "/tmp", progress: nil)
        }
        #expect(fetched?.code == .unsupported)
        #expect(await stub.listenEndpoints.isEmpty)
    }
}

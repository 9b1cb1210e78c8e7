import Foundation
import NodeInterface
import Testing
import TorrentEngine

@testable import PrivateTorrent

@Suite(.timeLimit(.minutes(2)))
struct StreamingTests {
    /// A backend that has the swarm's seed on its invite list, and a candidate for it.
    private func prepared(
        _ scratch: Scratch, bytes: Int
    ) async throws -> (swarm: Swarm, backend: TorrentBackend, candidate: SourceCandidate) {
        let swarm = try await Swarm.seed(scratch.file("in.bin", bytes: bytes), pieceLength: 65536)
        let (backend, candidate) = try await backend(for: swarm, scratch)
        return (swarm, backend, candidate)
    }

    private func backend(
        for swarm: Swarm, _ scratch: Scratch
    ) async throws -> (backend: TorrentBackend, candidate: SourceCandidate) {
        let backend = try await TorrentBackend.start(
            options: TorrentBackendOptions(
                enabled: true, privateMode: PrivateModeOptions(inviteList: ["\(swarm.endpoint)"])),
            configuration: BackendConfiguration(
                engine: EngineConfiguration(listen: [ListenAddress(parsing: "127.0.0.2:0")]),
                downloadFolder: try scratch.folder("work")))
        let candidate = SourceCandidate(
            id: "c", itemID: "i", backend: .torrent, backendRef: "\(swarm.torrent.infoHash)", seeders: 2,
            isFromPrivateSource: true)
        return (backend, candidate)
    }

    private func end(_ scratch: Scratch, _ swarm: Swarm, _ backend: TorrentBackend) async throws {
        #expect(scratch.tree("work").isEmpty)
        #expect(await backend.running.isEmpty)
        try await backend.shutdown()
        try await swarm.shutdown()
    }

    @Test("A candidate's file comes to the sink in order, and nothing of it stays")
    func whole() async throws {
        let scratch = try Scratch()
        let (swarm, backend, candidate) = try await prepared(scratch, bytes: 1_000_001)
        let sink = CollectingSink()
        let delivery = try await backend.fetch(candidate, to: sink, maximumBytes: 1_000_001)
        #expect(delivery == ContentDelivery(deliveredBytes: 1_000_001, isComplete: true))
        #expect(try Data(sink.bytes) == scratch.contents("in.bin"))
        try await end(scratch, swarm, backend)
    }

    @Test("What validation speaks against, or is larger than wanted, is refused before the first byte")
    func refused() async throws {
        let scratch = try Scratch()
        let (swarm, backend, candidate) = try await prepared(scratch, bytes: 100_000)
        let sink = CollectingSink()
        var stranger = candidate
        stranger.isFromPrivateSource = false
        let provenance = await #expect(throws: BackendError.self) {
            try await backend.fetch(stranger, to: sink, maximumBytes: .max)
        }
        #expect(provenance?.code == .refused)
        let size = await #expect(throws: BackendError.self) {
            try await backend.fetch(candidate, to: sink, maximumBytes: 99_999)
        }
        #expect(size?.code == .limitExceeded)
        #expect(sink.bytes.isEmpty)
        try await end(scratch, swarm, backend)
    }

    @Test("A sink that has enough ends the transfer, which is no failure")
    func enough() async throws {
        let scratch = try Scratch()
        let (swarm, backend, candidate) = try await prepared(scratch, bytes: 3_000_000)
        let delivery = try await backend.fetch(
            candidate, to: CollectingSink(enoughAt: 1), maximumBytes: .max)
        #expect(!delivery.isComplete)
        #expect(delivery.deliveredBytes < 3_000_000)
        try await end(scratch, swarm, backend)
    }

    @Test("Of a torrent of several files, the candidate or its magnet link says which")
    func several() async throws {
        let scratch = try Scratch()
        for name in ["a", "b", "c"] { try scratch.file("t/\(name)", bytes: 200_000) }
        let swarm = try await Swarm.seed("\(scratch.path)/t", pieceLength: 65536)
        let (backend, plain) = try await backend(for: swarm, scratch)
        var byPath = plain
        byPath.file = CandidateFile(path: "b")
        var byIndex = plain
        byIndex.backendRef = "magnet:?xt=urn:btih:\(swarm.torrent.infoHash)&so=1"
        for candidate in [byPath, byIndex] {
            let sink = CollectingSink()
            _ = try await backend.fetch(candidate, to: sink, maximumBytes: 200_000)
            #expect(try Data(sink.bytes) == scratch.contents("t/b"))
        }
        let error = await #expect(throws: BackendError.self) {
            try await backend.fetch(plain, to: CollectingSink(), maximumBytes: .max)
        }
        #expect(error?.code == .ambiguousFile)
        try await end(scratch, swarm, backend)
    }
}

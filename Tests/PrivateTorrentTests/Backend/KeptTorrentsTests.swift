import Foundation
import NodeInterface
import Testing
import TorrentEngine

@testable import PrivateTorrent

/// A backend with a state directory, ended and started again.
@Suite(.timeLimit(.minutes(2)))
struct KeptTorrentsTests {
    private let scratch: Scratch

    init() throws { scratch = try Scratch() }

    private func start(
        enabled: Bool = true, at address: String = "127.0.0.2",
        options: TorrentStore.Options = TorrentStore.Options()
    ) async throws -> TorrentBackend {
        try await TorrentBackend.start(
            options: TorrentBackendOptions(
                enabled: enabled, queryTimeoutSeconds: 60, privateMode: PrivateModeOptions()),
            configuration: BackendConfiguration(
                engine: EngineConfiguration(listen: [ListenAddress(parsing: "\(address):0")]),
                downloadFolder: scratch.folder("out"), stateDirectory: "\(scratch.path)/state",
                stateOptions: options,
                shareRoots: ["\(scratch.path)/share"]))
    }

    private func job(_ reference: SwarmVariantReference, peer: PeerEndpoint) -> SwarmJob {
        SwarmJob(
            jobID: "job", file: SwarmFile(contentID: "c", hash: "h", sizeBytes: 1),
            sources: [
                SwarmSource(
                    peerID: "p", transport: "mesh", address: "\(peer.address)", port: peer.port)
            ],
            variants: [SwarmVariant(id: "v", reference: reference)])
    }

    @Test(
        "A fallback's seed is there after a restart, for its holders and the members of the job, until it is released"
    )
    func seed() async throws {
        let file = try scratch.file("share/song", bytes: 300_000)
        let peer = try PeerEndpoint(parsing: "127.0.0.9:7")
        var backend = try await start()
        let id = try await backend.preparePrivateTorrent(
            job: job(.localFile(path: file), peer: peer), variant: "v", holder: "asker",
            preferredPieceSizeBytes: nil)
        try await backend.shutdown()

        // Not while the backend is disabled.
        backend = try await start(enabled: false)
        #expect(await backend.running.isEmpty)
        try await backend.shutdown()

        backend = try await start()
        let run = try #require(await backend.running.first)
        #expect(run.key.description == id && run.value.jobID == "job" && run.value.holders == ["asker"])
        try await run.value.ready.value.get()
        let torrent = try #require(await backend.running[run.key]?.torrent)
        try await torrent.waitUntilFinished()
        #expect(await run.value.membership.members.map(\.rule.description) == ["127.0.0.9:7"])

        await backend.release(fallbackID: id, jobID: "job", holder: "asker")
        #expect(await backend.running.isEmpty)
        try await backend.shutdown()
        backend = try await start()
        #expect(await backend.running.isEmpty)
        #expect(await backend.store?.torrents.isEmpty == true)
        try await backend.shutdown()
    }

    @Test("A fallback's fetch goes on after a restart, from the members that the job named")
    func fetch() async throws {
        let swarm = try await Swarm.seed(scratch.file("song", bytes: 4 << 20), pieceLength: 16384)
        try await swarm.torrent.setRateLimits(upload: 1 << 20, download: 0)
        var backend = try await start()
        _ = try await backend.preparePrivateTorrent(
            job: job(.infoHash("\(swarm.torrent.infoHash)"), peer: swarm.endpoint), variant: "v")
        let hash = swarm.torrent.infoHash
        while try await backend.store?.torrent(hash)?.status().verifiedBytes ?? 0 < 1 << 20 {
            try await Task.sleep(for: .milliseconds(5))
        }
        try await backend.shutdown()
        let before = try await swarm.torrent.status().uploadedBytes
        try await swarm.torrent.setRateLimits(upload: 0, download: 0)

        backend = try await start()
        let run = try #require(await backend.running[hash])
        #expect(run.jobID == "job")
        try await run.ready.value.get()
        await backend.running[hash]?.work?.value
        #expect(try scratch.contents("song") == scratch.contents("out/song"))
        let again = try await swarm.torrent.status().uploadedBytes - before
        #expect(again <= 3 << 20)
        #expect(await backend.store?.torrents.isEmpty == true)
        try await backend.shutdown()
        try await swarm.shutdown()
    }

    @Test("A fallback that no member has needed for as long as it may ends by itself, and its file stays")
    func idle() async throws {
        let file = try scratch.file("share/song", bytes: 30_000)
        let backend = try await start(
            options: TorrentStore.Options(saveInterval: .milliseconds(50), idleLimitOfFallbacks: .seconds(5)))
        _ = try await backend.preparePrivateTorrent(
            job: job(.localFile(path: file), peer: PeerEndpoint(parsing: "127.0.0.9:7")), variant: "v")
        while await !backend.running.isEmpty { try await Task.sleep(for: .milliseconds(20)) }
        #expect(await backend.store?.torrents.isEmpty == true)
        #expect(FileManager.default.fileExists(atPath: file))
        try await backend.shutdown()
    }

    @Test("A second backend is told that the directory is taken")
    func taken() async throws {
        let backend = try await start()
        let error = await #expect(throws: BackendError.self) { try await start(at: "127.0.0.3") }
        #expect(error?.code == .storage)
        #expect(error?.reason.contains("\(getpid())") == true)
        try await backend.shutdown()
    }
}

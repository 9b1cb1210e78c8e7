import Foundation
import NodeInterface
import Testing
import TorrentEngine

@testable import PrivateTorrent

@Suite(.timeLimit(.minutes(2)))
struct TorrentBackendTests {
    private func backend(
        _ address: String, inviteList: [String] = [], sources: AllowedPeerSources = .both,
        overlay: (any OverlayPeerProvider)? = nil, roots: [String] = [], downloads: String? = nil
    ) async throws -> TorrentBackend {
        try await TorrentBackend.start(
            options: TorrentBackendOptions(
                enabled: true,
                privateMode: PrivateModeOptions(allowedPeerSources: sources, inviteList: inviteList)),
            configuration: BackendConfiguration(
                engine: EngineConfiguration(listen: [ListenAddress(parsing: "\(address):0")]),
                downloadFolder: downloads, shareRoots: roots, overlay: overlay))
    }

    private func job(_ reference: SwarmVariantReference, sources: [SwarmSource] = []) -> SwarmJob {
        SwarmJob(
            jobID: "job", file: SwarmFile(contentID: "c", hash: "h", sizeBytes: 1), sources: sources,
            variants: [SwarmVariant(id: "v", reference: reference)])
    }

    @Test("One node shares a local file for a job, another fetches it by magnet")
    func shareAndFetch() async throws {
        let scratch = try Scratch()
        let file = try scratch.file("share/song.flac", bytes: 200_000)
        let sharer = try await backend(
            "127.0.0.1", inviteList: ["127.0.0.2"], roots: ["\(scratch.path)/share"])
        let id = try await sharer.preparePrivateTorrent(job: job(.localFile(path: file)), variant: "v")
        let again = try await sharer.preparePrivateTorrent(job: job(.localFile(path: file)), variant: "v")
        #expect(again == id)
        let endpoint = try #require(await sharer.engine.listeningEndpoints.first)

        let fetcher = try await backend("127.0.0.2", inviteList: [endpoint.description])
        let phases = Locked<[TransferProgress.Phase]>([])
        let content = try await fetcher.fetch(
            infoHashOrMagnet: "magnet:?xt=urn:btih:\(id)", into: scratch.folder("out")
        ) { progress in phases.withLock { $0.append(progress.phase) } }
        #expect(content.files.map(\.relativePath) == ["song.flac"])
        #expect(try scratch.contents("out/song.flac") == scratch.contents("share/song.flac"))
        #expect(phases.withLock { $0 }.last == .finished)
        #expect(scratch.tree("out") == ["song.flac"])
        try await fetcher.shutdown()
        try await sharer.shutdown()
    }

    @Test("Peers that a magnet names are not members")
    func magnetPeersAreDropped() async throws {
        let scratch = try Scratch()
        let swarm = try await Swarm.seed(scratch.file("in", bytes: 1000))
        let fetcher = try await backend("127.0.0.2")
        let error = await #expect(throws: BackendError.self) {
            try await fetcher.fetch(
                infoHashOrMagnet: "magnet:?xt=urn:btih:\(swarm.torrent.infoHash)&x.pe=\(swarm.endpoint)",
                into: scratch.folder("out"))
        }
        #expect(error?.code == .noPeer)
        try await fetcher.shutdown()
        try await swarm.shutdown()
    }

    @Test("A member that the mesh announces is dialled at once, and one that leaves is cut")
    func overlayJoinsAndLeaves() async throws {
        let scratch = try Scratch()
        let swarm = try await Swarm.seed(scratch.file("in", bytes: 50_000))
        let overlay = ScriptedOverlay()
        let fetcher = try await backend("127.0.0.2", overlay: overlay, downloads: scratch.folder("out"))
        let events = fetcher.engine.events()
        // Nobody else is known: it is ready when the first peer has joined.
        overlay.send(.joined(OverlayPeer(peerID: "seed", endpoints: [swarm.endpoint.description])))
        let id = try await fetcher.preparePrivateTorrent(
            job: job(.infoHash(swarm.torrent.infoHash.description)), variant: "v")
        #expect(id == swarm.torrent.infoHash.description)
        var connectedAs: Member.Source?
        var isFinished = false
        for await event in events {
            if case .peerConnected(_, _, let member) = event.kind { connectedAs = member?.source }
            if case .finished = event.kind { isFinished = true }
            if case .removed = event.kind { break }
        }
        #expect(connectedAs == .overlay)
        #expect(isFinished)
        try await fetcher.shutdown()
        try await swarm.shutdown()
    }

    @Test("What must not be shared is refused, with the reason")
    func refusals() async throws {
        let scratch = try Scratch()
        let outside = try scratch.file("secret", bytes: 10)
        _ = try scratch.folder("share")
        try FileManager.default.createSymbolicLink(
            atPath: "\(scratch.path)/share/link", withDestinationPath: outside)
        let backend = try await backend("127.0.0.1", roots: ["\(scratch.path)/share"])
        for path in [outside, "\(scratch.path)/share/link", "\(scratch.path)/share/../secret"] {
            let error = await #expect(throws: BackendError.self) {
                try await backend.preparePrivateTorrent(job: job(.localFile(path: path)), variant: "v")
            }
            #expect(error?.code == .storage)
        }
        let unknown = await #expect(throws: BackendError.self) {
            try await backend.preparePrivateTorrent(job: job(.infoHash("")), variant: "other")
        }
        #expect(unknown?.code == .unknownVariant)
        let noLoader = await #expect(throws: BackendError.self) {
            try await backend.preparePrivateTorrent(
                job: job(.torrentURL("https://example.org/t")), variant: "v")
        }
        #expect(noLoader?.code == .unsupported)
        try await backend.shutdown()
    }

    @Test("A disabled backend is not supported and does nothing")
    func disabled() async throws {
        let backend = try await TorrentBackend.start(options: TorrentBackendOptions())
        #expect(await backend.isSupported == false)
        let error = await #expect(throws: BackendError.self) {
            try await backend.fetch(infoHashOrMagnet: String(repeating: "0", count: 40), into: "/nonexistent")
        }
        #expect(error?.code == .disabled)
        try await backend.shutdown()
    }
}

import NodeInterface
import Testing
import TorrentEngine

@testable import PrivateTorrent

@Suite(.timeLimit(.minutes(2)))
struct PreparationTests {
    private func backend(_ scratch: Scratch, overlay: (any OverlayPeerProvider)? = nil) async throws
        -> TorrentBackend
    {
        try await TorrentBackend.start(
            options: TorrentBackendOptions(
                enabled: true, queryTimeoutSeconds: 60, privateMode: PrivateModeOptions()),
            configuration: BackendConfiguration(
                downloadFolder: scratch.folder("out"), shareRoots: ["\(scratch.path)/share"], overlay: overlay
            ))
    }

    private func job(_ id: String, _ reference: SwarmVariantReference, peer: String? = nil) -> SwarmJob {
        SwarmJob(
            jobID: id, file: SwarmFile(contentID: "c", hash: "h", sizeBytes: 1),
            sources: peer.map { [SwarmSource(peerID: $0, transport: "mesh", address: $0, port: 1)] } ?? [],
            variants: [SwarmVariant(id: "v", reference: reference)])
    }

    @Test("Callers at the same time wait for one torrent, which ends with the last of its holders")
    func sharedAndCounted() async throws {
        let scratch = try Scratch()
        let file = try scratch.file("share/song", bytes: 3_000_000)
        let backend = try await backend(scratch)
        let ids = try await withThrowingTaskGroup(of: String.self) { group in
            for holder in ["a", "b", "a"] {
                let peer = holder == "a" ? "127.0.0.21" : "127.0.0.22"
                let job = job("job", .localFile(path: file), peer: peer)
                group.addTask {
                    try await backend.preparePrivateTorrent(
                        job: job, variant: "v", holder: holder, preferredPieceSizeBytes: nil)
                }
            }
            return try await group.reduce(into: Set<String>()) { $0.insert($1) }
        }
        let id = try #require(ids.first)
        #expect(ids.count == 1)
        #expect(await backend.resolver.sharedFiles.hashCount == 1)
        let run = try #require(await backend.running.values.first)
        #expect(await run.membership.members.map(\.rule.description) == ["127.0.0.21:1", "127.0.0.22:1"])

        await backend.release(fallbackID: id, jobID: "job", holder: "a")
        await backend.release(fallbackID: id, jobID: "job", holder: "a")
        await backend.release(fallbackID: id, jobID: "other", holder: "b")
        #expect(await run.membership.members.map(\.rule.description) == ["127.0.0.22:1"])
        #expect(try await run.torrent?.status().state == .seeding)
        await backend.release(fallbackID: id, jobID: "job", holder: "b")
        #expect(await backend.running.isEmpty)
        await #expect(throws: EngineError.self) { try await run.torrent?.status() }
        try await backend.shutdown()
    }

    @Test("A torrent of one job is refused to another, and ends with its job")
    func foreignJob() async throws {
        let scratch = try Scratch()
        let file = try scratch.file("share/song", bytes: 1000)
        let backend = try await backend(scratch)
        _ = try await backend.preparePrivateTorrent(job: job("one", .localFile(path: file)), variant: "v")
        let error = await #expect(throws: BackendError.self) {
            try await backend.preparePrivateTorrent(job: job("two", .localFile(path: file)), variant: "v")
        }
        #expect(error?.code == .refused)
        await backend.removeTorrents(ofJob: "two")
        #expect(await backend.running.count == 1)
        await backend.removeTorrents(ofJob: "one")
        #expect(await backend.running.isEmpty)
        _ = try await backend.preparePrivateTorrent(job: job("two", .localFile(path: file)), variant: "v")
        try await backend.shutdown()
    }

    @Test("A cancelled caller leaves at once, the others' torrent stays; with the last one nothing is left")
    func cancelled() async throws {
        let scratch = try Scratch()
        // Nobody joins, so that it is not ready for as long as the overlay lasts.
        let backend = try await backend(scratch, overlay: ScriptedOverlay())
        let wanted = job("job", .infoHash(String(repeating: "ab", count: 20)))
        let callers = ["a", "b"].map { holder in
            Task { () async -> BackendError? in
                do throws(BackendError) {
                    _ = try await backend.preparePrivateTorrent(
                        job: wanted, variant: "v", holder: holder, preferredPieceSizeBytes: nil)
                    return nil
                } catch {
                    return error
                }
            }
        }
        while await backend.running.values.first?.holders.count != 2 {
            try await Task.sleep(for: .milliseconds(5))
        }
        callers[0].cancel()
        #expect(await callers[0].value?.code == .cancelled)
        #expect(await backend.running.values.first?.holders == ["b"])
        callers[1].cancel()
        #expect(await callers[1].value?.code == .cancelled)
        #expect(await backend.running.isEmpty)
        try await backend.shutdown()
    }

    @Test("What is held for somebody is in use while a peer that was named for it is connected")
    func inUse() async throws {
        let scratch = try Scratch()
        let file = try scratch.file("in", bytes: 100_000)
        let backend = try await TorrentBackend.start(
            options: TorrentBackendOptions(enabled: true),
            configuration: BackendConfiguration(
                engine: EngineConfiguration(listen: [ListenAddress(parsing: "127.0.0.1:0")]),
                shareRoots: [scratch.path]))
        let job = SwarmJob(
            jobID: "job", file: SwarmFile(contentID: "c", hash: "h", sizeBytes: 100_000),
            sources: [SwarmSource(peerID: "b", transport: "torrent", address: "127.0.0.2", port: 7)],
            variants: [SwarmVariant(id: "v", reference: .localFile(path: file))])
        let id = try await backend.preparePrivateTorrent(
            job: job, variant: "v", holder: "h", preferredPieceSizeBytes: nil)
        #expect(await backend.isInUse(fallbackID: id, jobID: "job", holder: "h") == false)

        let member = try await Swarm.engine("127.0.0.2")
        let endpoint = try #require(await backend.engine.listeningEndpoints.first)
        let torrent = try await member.add(
            InfoHash(parsing: id),
            options: AddOptions(
                saveFolder: scratch.path, members: [Member(AddressRule(endpoint), source: .invite)]))
        try await torrent.start(dialling: [endpoint])
        while await backend.isInUse(fallbackID: id, jobID: "job", holder: "h") != true {
            try await Task.sleep(for: .milliseconds(5))
        }
        #expect(await backend.isInUse(fallbackID: id, jobID: "job", holder: "other") == false)
        #expect(await backend.isInUse(fallbackID: id, jobID: "other", holder: "h") == false)
        try await torrent.remove()
        while await backend.isInUse(fallbackID: id, jobID: "job", holder: "h") == true {
            try await Task.sleep(for: .milliseconds(5))
        }
        try await member.shutdown()
        try await backend.shutdown()
    }

}

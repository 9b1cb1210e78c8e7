import Foundation
import NodeInterface
import NodeSupport
import PrivateTorrentTesting
import Testing
import TorrentEngine

@testable import PrivateTorrent

@Suite("A fallback between two nodes with engines", .timeLimit(.minutes(2)))
struct FallbackStoryTests {
    @Test("the file comes over, verified, and nothing of it is left running on either side")
    func wholeStory() async throws {
        let story = try await Story(bytes: 300_000)
        let content = try await story.request().value.get()
        #expect(content.files.map(\.relativePath) == ["song.flac"])
        #expect(try story.scratch.contents("out/song.flac") == story.scratch.contents("share/song.flac"))
        #expect(story.scratch.tree("out") == ["song.flac"])
        await story.expectNothingRuns()
        try await story.end()
    }

    @Test("duplicated signals change nothing, and a second fallback for the same job works")
    func again() async throws {
        let story = try await Story(bytes: 100_000) { _ in .duplicated }
        _ = try await story.request().value.get()
        await story.expectNothingRuns()
        _ = try await story.request(into: "again").value.get()
        #expect(story.scratch.tree("again") == ["song.flac"])
        await story.expectNothingRuns()
        try await story.end()
    }

    @Test("what is not the job's file is not handed over, and not left on disk", arguments: [true, false])
    func mismatch(ofSize: Bool) async throws {
        let story = try await Story(bytes: 100_000)
        var job = story.job
        if ofSize { job.file.sizeBytes += 1 } else { job.file.hash = "another" }
        #expect(await story.request(job).value.code == .contentMismatch)
        #expect(story.scratch.tree("out").isEmpty)
        await story.expectNothingRuns()
        try await story.end()
    }

    @Test("a torrent that runs for another job is denied, and goes on running for that one")
    func otherJob() async throws {
        let story = try await Story(bytes: 100_000)
        var other = story.job
        other.jobID = "other"
        let id = try await story.a.preparePrivateTorrent(job: other, variant: "v")
        guard case .failure(let error) = await story.request().value else {
            Issue.record("it was accepted")
            return
        }
        #expect(error.code == .refused)
        #expect(error.underlying == "security-denied")
        #expect(await story.a.running.keys.map(\.description) == [id])
        try await story.end()
    }

    @Test("a job that is cancelled in the middle of the transfer ends on both sides")
    func cancelledMidTransfer() async throws {
        let story = try await Story(bytes: 8 << 20)
        try await story.a.engine.setRateLimits(upload: 1 << 20, download: 0)
        let (updates, update) = AsyncStream.makeStream(of: TransferProgress.self)
        let request = story.request { update.yield($0) }
        for await progress in updates where progress.completedBytes > 0 { break }
        await story.handlersA.cancel(jobID: "job")
        #expect(await request.value.code == .refused)
        await story.expectNothingRuns()
        try await story.end()
    }

    @Test("a signal travels over the connection of the transfer, under the ID that the overlay knows")
    func overTheTransfer() async throws {
        let story = try await Story(bytes: 8 << 20)
        try await story.a.engine.setRateLimits(upload: 1 << 20, download: 0)
        let (busA, busB) = (InMemorySignalBus(localPeerID: "a"), InMemorySignalBus(localPeerID: "b"))
        let (channelA, channelB) = (
            BtExtensionChannel(engine: story.a.engine), BtExtensionChannel(engine: story.b.engine)
        )
        await busB.add(channelB)
        let delivering = Task { await channelA.run(into: busA) }
        defer { delivering.cancel() }
        var atA = await busA.signals().makeAsyncIterator()

        let (updates, update) = AsyncStream.makeStream(of: TransferProgress.self)
        let request = story.request { update.yield($0) }
        for await progress in updates where progress.completedBytes > 0 { break }
        try await busB.send(
            Signal(
                fromPeerID: "b", toPeerID: "a", sentAt: NodeClock.system.now,
                body: .jobCancel(JobCancel(jobID: "another", requestSignalID: "1")),
                preferredChannels: [.btExtension]))
        let received = try #require(await atA.next())
        #expect(received.signal.fromPeerID == "b")
        #expect(received.channel == .btExtension)
        request.cancel()
        #expect(await request.value.code == .cancelled)
        await story.expectNothingRuns()
        try await story.end()
    }

    @Test("a requester whose task is cancelled in the middle of the transfer lets the seed go too")
    func abandoned() async throws {
        let story = try await Story(bytes: 8 << 20)
        try await story.a.engine.setRateLimits(upload: 1 << 20, download: 0)
        let (updates, update) = AsyncStream.makeStream(of: TransferProgress.self)
        let request = story.request { update.yield($0) }
        for await progress in updates where progress.completedBytes > 0 { break }
        request.cancel()
        #expect(await request.value.code == .cancelled)
        await story.expectNothingRuns()
        try await story.end()
    }
}

/// Node `a` has a file, node `b` wants it; both know each other from the overlay.
private struct Story: Sendable {
    let scratch: Scratch
    let overlay: FakeOverlay
    let a: TorrentBackend
    let b: TorrentBackend
    let handlersA: SwarmSignalHandlers
    let handlersB: SwarmSignalHandlers
    let job: SwarmJob

    init(bytes: Int, treat: @escaping @Sendable (Signal) -> LinkTreatment = { _ in .delivered }) async throws
    {
        let scratch = try Scratch()
        let mesh = FakeOverlay()
        (self.scratch, overlay) = (scratch, mesh)
        let path = try scratch.file("share/song.flac", bytes: bytes)
        let options = TorrentBackendOptions(enabled: true, privateMode: PrivateModeOptions())
        func backend(_ id: String, _ address: String, roots: [String]) async throws -> TorrentBackend {
            try await TorrentBackend.start(
                options: options,
                configuration: BackendConfiguration(
                    engine: EngineConfiguration(listen: [ListenAddress(parsing: "\(address):0")]),
                    shareRoots: roots, peerID: id, overlay: mesh, fileVerifier: ChecksumVerifier()))
        }
        a = try await backend("a", "127.0.0.1", roots: ["\(scratch.path)/share"])
        b = try await backend("b", "127.0.0.2", roots: [])
        job = SwarmJob(
            jobID: "job",
            file: SwarmFile(
                contentID: "c", hash: ChecksumVerifier.checksum(try scratch.contents("share/song.flac")),
                sizeBytes: UInt64(bytes)), sources: [SwarmSource(peerID: "a", transport: "mesh")],
            variants: [SwarmVariant(id: "v", reference: .localFile(path: path))])
        mesh.join("a", at: await a.listenEndpoints, job: "job")
        mesh.join("b", at: await b.listenEndpoints, job: "job")
        let buses = await SignalBusPair("a", "b", treat: treat)
        let jobs = InMemoryJobStore()
        try await jobs.put(job, participants: ["b"])
        func handlers(_ id: String, _ bus: InMemorySignalBus, _ backend: TorrentBackend)
            -> SwarmSignalHandlers
        {
            SwarmSignalHandlers(
                localPeerID: id, bus: bus, jobs: jobs, policy: StandardSecurityPolicy(), backend: backend,
                overlay: mesh)
        }
        handlersA = handlers("a", buses.first, a)
        handlersB = handlers("b", buses.second, b)
        await handlersA.start()
        await handlersB.start()
    }

    /// `b` asks `a`. It does not know the variant but by its ID.
    func request(
        _ job: SwarmJob? = nil, into folder: String = "out",
        progress: (@Sendable (TransferProgress) -> Void)? = nil
    ) -> Task<Result<FetchedContent, BackendError>, Never> {
        var job = job ?? self.job
        job.variants = []
        return Task { [handlersB, scratch, job] in
            do throws(BackendError) {
                return .success(
                    try await handlersB.requestFallback(
                        job: job, variant: "v", from: "a", into: "\(scratch.path)/\(folder)",
                        progress: progress))
            } catch {
                return .failure(error)
            }
        }
    }

    func expectNothingRuns() async {
        await eventually { await handlersA.heldCount == 0 }
        await eventually { await handlersA.answeringCount == 0 }
        await eventually { await a.running.isEmpty }
        await eventually { await b.running.isEmpty }
        #expect(await a.running.isEmpty)
        #expect(await b.running.isEmpty)
    }

    func end() async throws {
        await handlersA.stop()
        await handlersB.stop()
        try await a.shutdown()
        try await b.shutdown()
    }
}

/// A hash for tests: FNV-1a.
private struct ChecksumVerifier: FileVerifier {
    static func checksum(_ data: Data) -> String {
        String(
            data.reduce(0xcbf2_9ce4_8422_2325 as UInt64) { ($0 ^ UInt64($1)) &* 0x100_0000_01b3 }, radix: 16)
    }

    func matches(path: String, file: SwarmFile) async throws(BackendError) -> Bool {
        guard let data = try? Data(contentsOf: URL(filePath: path)) else {
            throw BackendError(.storage, "read \(path)", reason: "it cannot be read")
        }
        return Self.checksum(data) == file.hash
    }
}

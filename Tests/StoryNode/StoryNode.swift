import Foundation
import NodeInterface
import NodeSupport
import PrivateTorrent
import PrivateTorrentTesting
import TorrentEngine

/// A small node, for `Tests/Story/run`. Everything in it is real but the mesh: that is whoever holds its standard input
/// and output, and carries the envelopes.
@main
enum StoryNode {
    static func main() async throws {
        let path = CommandLine.arguments.dropFirst().first ?? ""
        let setup = try JSONDecoder().decode(Setup.self, from: Data(contentsOf: URL(filePath: path)))
        let overlay = FakeOverlay()
        let backend = try await TorrentBackend.start(
            options: TorrentBackendOptions(enabled: setup.isEnabled, privateMode: PrivateModeOptions()),
            configuration: BackendConfiguration(
                engine: EngineConfiguration(listen: [try ListenAddress(parsing: setup.listen)]),
                downloadFolder: setup.downloads, shareRoots: setup.shareRoots, overlay: overlay,
                fileVerifier: ChecksumVerifier()))
        if setup.uploadLimit > 0 {
            try await backend.engine.setRateLimits(upload: setup.uploadLimit, download: 0)
        }
        let jobs = InMemoryJobStore()
        try await jobs.put(setup.swarmJob, participants: setup.job.participants)
        let bus = InMemorySignalBus(localPeerID: setup.peerID)
        await bus.add(Mesh())
        var options = SwarmSignalOptions()
        options.ttl = .seconds(setup.ttlSeconds)
        options.preferredChannels = [.mesh]
        let handlers = SwarmSignalHandlers(
            localPeerID: setup.peerID, bus: bus, jobs: jobs,
            policy: FixedPolicy(allowsPeers: setup.allowsPeers), backend: backend, overlay: overlay,
            options: options)
        await handlers.start()
        var ready = Saying("ready")
        ready.endpoints = await backend.listenEndpoints
        say(ready)
        let node = Node(setup: setup, overlay: overlay, bus: bus, handlers: handlers)
        for await order in orders() { await node.obey(order) }
        await node.end()
        await handlers.stop()
        await bus.stop()
        try await backend.shutdown()
        say(Saying("stopped"))
    }

    /// The orders, until `stop` or the end of standard input.
    private static func orders() -> AsyncStream<Order> {
        AsyncStream { continuation in
            Thread.detachNewThread {
                while let line = readLine() {
                    guard let order = try? JSONDecoder().decode(Order.self, from: Data(line.utf8)) else {
                        var saying = Saying("misunderstood")
                        saying.detail = line
                        say(saying)
                        continue
                    }
                    if case .stop = order { break }
                    continuation.yield(order)
                }
                continuation.finish()
            }
        }
    }
}

/// What a node does when it is told to.
actor Node {
    private let setup: Setup
    private let overlay: FakeOverlay
    private let bus: InMemorySignalBus
    private let handlers: SwarmSignalHandlers
    private var request: Task<Void, Never>?

    init(setup: Setup, overlay: FakeOverlay, bus: InMemorySignalBus, handlers: SwarmSignalHandlers) {
        self.setup = setup
        self.overlay = overlay
        self.bus = bus
        self.handlers = handlers
    }

    func obey(_ order: Order) async {
        switch order {
        case .join(let peer, let endpoints):
            overlay.join(peer, at: endpoints, job: setup.job.id)
        case .receive(let from, let envelope):
            await bus.receive([UInt8](Data(base64Encoded: envelope) ?? Data()), from: from, over: .mesh)
        case .request(let peer, let variant):
            request = Task { [setup, handlers] in
                say(await Self.fetch(variant, from: peer, setup, handlers))
            }
        case .cancel:
            request?.cancel()
        case .state:
            var state = Saying("state")
            state.held = await handlers.heldCount
            state.answering = await handlers.answeringCount
            let drops = await handlers.statistics.drops.merging(bus.statistics.drops) { $0 + $1 }
            state.drops = Dictionary(uniqueKeysWithValues: drops.map { ($0.key.rawValue, $0.value) })
            say(state)
        case .stop:
            break
        }
    }

    /// The mesh path first, by a plan: it does not have the file.
    private static func tryMesh(_ peer: String, _ setup: Setup) async throws(BackendError) {
        let candidate = SourceCandidate(
            id: peer, itemID: setup.job.contentID, backend: .mesh, backendRef: peer)
        let plan = ResolutionPlan(
            item: ContentItem(itemID: setup.job.contentID, file: setup.swarmJob.file),
            steps: [ResolutionStep(id: "mesh", candidates: [candidate], timeout: .seconds(30))])
        let resolution = try await Resolver(backends: [BrokenMesh()], verifier: ChecksumVerifier())
            .resolve(plan, into: setup.downloads)
        var saying = Saying("mesh")
        saying.detail = resolution.steps.map(\.state.rawValue).joined()
        saying.code = resolution.steps.first?.attempts.first?.error?.code.description
        say(saying)
    }

    func end() async {
        request?.cancel()
        await request?.value
    }

    private static func fetch(
        _ variant: String, from peer: String, _ setup: Setup, _ handlers: SwarmSignalHandlers
    ) async -> Saying {
        do throws(BackendError) {
            try await tryMesh(peer, setup)
            let content = try await handlers.requestFallback(
                job: setup.swarmJob, variant: variant, from: peer, into: setup.downloads,
                reason: "mesh-failures"
            ) { progress in
                guard progress.phase == .downloading else { return }
                var saying = Saying("progress")
                saying.bytes = progress.completedBytes
                say(saying)
            }
            var saying = Saying("fetched")
            saying.path = content.files.first?.path
            saying.bytes = content.totalBytes
            return saying
        } catch {
            var saying = Saying("failed")
            saying.code = error.code.description
            saying.detail = error.underlying ?? error.reason
            return saying
        }
    }
}

/// Carries envelopes to whoever reads standard output.
struct Mesh: SignalChannel {
    let kind = SignalChannelKind.mesh

    func take(_ envelope: [UInt8], of signal: Signal) async -> Bool {
        var saying = Saying("send")
        saying.to = signal.toPeerID
        saying.envelope = Data(envelope).base64EncodedString()
        say(saying)
        return true
    }
}

/// A mesh that carries signals and breaks off files: why there is a fallback.
struct BrokenMesh: ContentFetchBackend {
    let type = ContentBackendType.mesh
    let supportedDomain: ContentDomain? = nil

    func findCandidates(
        for item: ContentItem, budget: any WorkBudget
    ) async throws(BackendError) -> [SourceCandidate] { [] }

    func validate(
        _ candidate: SourceCandidate, probeBudget: (any WorkBudget)?
    ) async -> CandidateValidation { .valid(trust: 1, quality: 1) }

    func fetch(
        _ candidate: SourceCandidate, to sink: any ContentSink, maximumBytes: UInt64
    ) async throws(BackendError) -> ContentDelivery {
        try await sink.begin(totalBytes: maximumBytes)
        _ = try await sink.write([UInt8](repeating: 0, count: 1000))
        throw BackendError(.network, "fetch over the mesh", reason: "the connection broke")
    }
}

/// Lets every participant, or nobody; endpoints that the mesh does not know, never.
struct FixedPolicy: SecurityPolicy {
    let allowsPeers: Bool

    func decide(_ question: SecurityQuestion) async -> SecurityDecision {
        allowsPeers && question.action != .admitUnknownEndpoints
            ? .allow : .deny(reason: "by this node's setup")
    }
}

/// Compares by FNV-1a, 64 bits: enough to tell files of a test apart.
struct ChecksumVerifier: FileVerifier {
    func matches(path: String, file: SwarmFile) async throws(BackendError) -> Bool {
        let data = await Task.detached { FileManager.default.contents(atPath: path) }.value
        guard let data else { throw BackendError(.storage, "read \(path)", reason: "it cannot be read") }
        var hash: UInt64 = 0xcbf2_9ce4_8422_2325
        for byte in data { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01b3 }
        return file.hash == String(hash, radix: 16)
    }
}

private let output = Locked(FileHandle.standardOutput)

/// Says one thing, whole.
func say(_ saying: Saying) {
    guard var line = try? JSONEncoder().encode(saying) else { return }
    line.append(UInt8(ascii: "\n"))
    let bytes = line
    output.withLock { try? $0.write(contentsOf: bytes) }
}

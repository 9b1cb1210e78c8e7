import NodeInterface
import NodeSupport
import PrivateTorrentTesting
import Testing
import TorrentEngine

@testable import PrivateTorrent

/// A node's own code that never returns, and does not care for cancellation: it holds up nothing but itself.
@Suite("SwarmSignalHandlers, beside code that does not end", .timeLimit(.minutes(1)))
struct UnendingCallsTests {
    /// What hangs.
    enum Part: Sendable, CaseIterable { case bus, channel, jobs, policy, overlay, backend }

    private struct Node: Sendable {
        let handlers: SwarmSignalHandlers
        let backend: HangingBackend
        let bus: InMemorySignalBus
        let hang: Hang
        let clock: TestClock

        init(_ part: Part) async throws {
            let (clock, hang) = (TestClock(), Hang())
            bus = InMemorySignalBus(localPeerID: "a", clock: clock.nodeClock)
            let peer = InMemorySignalBus(localPeerID: "b", clock: clock.nodeClock)
            await bus.add(
                part == .channel
                    ? HangingChannel(hang: hang) : FakeSignalLink(from: "a", to: peer) as any SignalChannel)
            backend = HangingBackend(hang: part == .backend ? hang : nil)
            let jobs = InMemoryJobStore()
            try await jobs.put(SignalFixture.job)
            handlers = SwarmSignalHandlers(
                localPeerID: "a", bus: part == .bus ? HangingBus(bus: bus, hang: hang) : bus,
                jobs: part == .jobs ? HangingJobs(hang: hang) : jobs,
                policy: part == .policy ? HangingPolicy(hang: hang) : StandardSecurityPolicy(),
                backend: backend,
                overlay: part == .overlay ? HangingOverlay(hang: hang) : nil, clock: clock.nodeClock)
            (self.hang, self.clock) = (hang, clock)
            await handlers.start()
        }

        func receiveRequest(_ id: String = Signal.randomID()) async throws {
            let signal = Signal(
                signalID: id, fromPeerID: "b", toPeerID: "a", sentAt: clock.wallTime,
                body: .requestBtFallback(RequestBtFallback(jobID: "job", variantID: "v")))
            #expect(await bus.receive(try SignalCodec.encode(signal), from: "b", over: .mesh) == nil)
        }

        func acknowledge(_ request: String) async throws {
            let signal = Signal(
                signalID: Signal.randomID(), fromPeerID: "b", toPeerID: "a", sentAt: clock.wallTime,
                body: .requestBtFallbackAck(
                    RequestBtFallbackAck(
                        requestSignalID: request, jobID: "job", variantID: "v", accepted: true, reason: .ok,
                        btFallbackID: ScriptedBackend.hash)))
            #expect(await bus.receive(try SignalCodec.encode(signal), from: "b", over: .mesh) == nil)
        }

        func ask() -> Task<BackendError.Code?, Never> {
            Task {
                do throws(BackendError) {
                    _ = try await handlers.requestFallback(
                        job: SignalFixture.job, variant: "v", from: "b", into: "/tmp/x")
                    return nil
                } catch {
                    return error.code
                }
            }
        }

        /// Lets time run, a second at a time, while something is waited for.
        func whileTimeRuns<Value: Sendable>(_ body: () async -> Value) async -> Value {
            let time = Task { [clock] in
                while !Task.isCancelled {
                    clock.advance(by: .seconds(1))
                    try? await Task.sleep(for: .milliseconds(1))
                }
            }
            defer { time.cancel() }
            return await body()
        }
    }

    @Test("a node that is asked answers no later than the request lasts, and stops", arguments: Part.allCases)
    func answering(_ part: Part) async throws {
        let node = try await Node(part)
        try await node.receiveRequest()
        await node.hang.waitUntilEntered()
        await node.whileTimeRuns { await eventually { await node.handlers.answeringCount == 0 } }
        #expect(await node.handlers.heldCount == 0)
        // Stopped while another hangs.
        try await node.receiveRequest()
        await node.hang.waitUntilEntered(2)
        await node.whileTimeRuns { await node.handlers.stop() }
        #expect(await node.handlers.answeringCount == 0)
        #expect(await node.handlers.heldCount == 0)
        if part != .channel { #expect(await node.handlers.statistics.abandonedCalls >= 2) }
        await node.hang.release()
    }

    @Test(
        "a request of this node ends in its time, and with the node",
        arguments: [Part.bus, .channel, .policy, .overlay, .backend])
    func asking(_ part: Part) async throws {
        let node = try await Node(part)
        /// A request that has come to what hangs.
        func reach(_ count: Int) async throws -> Task<BackendError.Code?, Never> {
            let asking = node.ask()
            if part != .bus, part != .channel {
                await eventually { await node.handlers.statistics.requests == count }
                try await node.acknowledge(try #require(await node.handlers.requests.keys.first))
            }
            await node.hang.waitUntilEntered(count)
            return asking
        }
        // A fetch may take as long as it likes: nobody ends it but the caller.
        if part != .backend {
            let timed = try await reach(1)
            let code = await node.whileTimeRuns { await timed.value }
            #expect(code == (part == .channel ? .noPeer : .timedOut))
        }
        let stopped = try await reach(part == .backend ? 1 : 2)
        await node.whileTimeRuns { await node.handlers.stop() }
        #expect(await stopped.value == .shutDown)
        #expect(await node.handlers.requests.isEmpty)
        await node.hang.release()
    }

    @Test(
        "cancelling a request waits for nothing of the node's own", arguments: [Part.bus, .policy, .overlay])
    func cancelled(_ part: Part) async throws {
        let node = try await Node(part)
        let asking = node.ask()
        if part != .bus {
            await eventually { await node.handlers.statistics.requests == 1 }
            try await node.acknowledge(try #require(await node.handlers.requests.keys.first))
        }
        await node.hang.waitUntilEntered()
        // No time passes.
        asking.cancel()
        #expect(await asking.value == .cancelled)
        await node.whileTimeRuns { await node.handlers.stop() }
        await node.hang.release()
    }

    @Test("a preparation that ends after it was given up is given back")
    func lateSuccess() async throws {
        let node = try await Node(.backend)
        try await node.receiveRequest()
        await node.hang.waitUntilEntered()
        await node.whileTimeRuns { await node.handlers.stop() }
        let backend = node.backend
        #expect(backend.released.withLock { $0 } == 0)
        await node.hang.release()
        await eventually { backend.released.withLock { $0 } == 1 }
    }
}

private struct HangingChannel: SignalChannel {
    let kind = SignalChannelKind.mesh
    let hang: Hang
    func take(_ envelope: [UInt8], of signal: Signal) async -> Bool {
        await hang.wait()
        return true
    }
}

/// Receives, and does not return from sending.
private struct HangingBus: SignalBus {
    let bus: InMemorySignalBus
    let hang: Hang
    func send(_ signal: Signal) async throws(BackendError) { await hang.wait() }
    func signals() async -> AsyncStream<ReceivedSignal> { await bus.signals() }
    func receive(_ envelope: [UInt8], from peerID: String, over channel: SignalChannelKind) async
        -> SignalDrop?
    {
        await bus.receive(envelope, from: peerID, over: channel)
    }
}

private struct HangingJobs: SwarmJobStore {
    let hang: Hang
    func job(id: String) async -> SwarmJob? {
        await hang.wait()
        return nil
    }
    func isParticipant(_ peerID: String, inJob jobID: String) async -> Bool {
        await hang.wait()
        return false
    }
}

private struct HangingPolicy: SecurityPolicy {
    let hang: Hang
    func decide(_ question: SecurityQuestion) async -> SecurityDecision {
        await hang.wait()
        return .allow
    }
}

private struct HangingOverlay: OverlayPeerProvider {
    let hang: Hang
    func peerEvents(jobID: String) -> AsyncStream<OverlayPeerEvent> { AsyncStream { $0.finish() } }
    func endpoints(ofPeer peerID: String, inJob jobID: String) async -> [String] {
        await hang.wait()
        return []
    }
}

/// Prepares and fetches at once, or hangs in both.
private final class HangingBackend: BitTorrentBackend {
    let hang: Hang?
    let released = Locked(0)

    init(hang: Hang?) { self.hang = hang }

    var isSupported: Bool { get async { true } }

    func preparePrivateTorrent(job: SwarmJob, variant: String) async throws(BackendError) -> String {
        throw BackendError(.unsupported, "prepare", reason: "no test asks for it")
    }

    func preparePrivateTorrent(
        job: SwarmJob, variant variantID: String, holder: String, preferredPieceSizeBytes: Int64?
    ) async throws(BackendError) -> String {
        await hang?.wait()
        return ScriptedBackend.hash
    }

    func fetch(
        infoHashOrMagnet: String, into folder: String, progress: (@Sendable (TransferProgress) -> Void)?
    ) async throws(BackendError) -> FetchedContent {
        throw BackendError(.unsupported, "fetch", reason: "no test asks for it")
    }

    func fetch(
        infoHash: String, for job: SwarmJob, into folder: String,
        progress: (@Sendable (TransferProgress) -> Void)?
    ) async throws(BackendError) -> FetchedContent {
        await hang?.wait()
        return FetchedContent(infoHash: infoHash, name: "n", folder: folder, files: [])
    }

    func release(fallbackID: String, jobID: String, holder: String) async {
        released.withLock { $0 += 1 }
    }
}

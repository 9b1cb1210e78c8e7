import NodeInterface
import NodeSupport
import PrivateTorrentTesting
import TorrentEngine

@testable import PrivateTorrent

/// Two nodes, `a` who has a file and `b` who wants it, with scripted backends and a link that the test rules.
struct SignalFixture: Sendable {
    let clock = TestClock()
    let a: SwarmSignalHandlers
    let b: SwarmSignalHandlers
    let backendA = ScriptedBackend()
    let backendB = ScriptedBackend()
    let jobs = InMemoryJobStore()
    let overlay = FakeOverlay()
    let buses: SignalBusPair
    let answers = Locked<[FallbackAnswer]>([])

    static let job = SwarmJob(
        jobID: "job", file: SwarmFile(contentID: "c", hash: "h", sizeBytes: 1),
        sources: [
            SwarmSource(peerID: "a", transport: "mesh", address: "127.0.0.1", port: 6881),
            SwarmSource(peerID: "b", transport: "mesh", address: "127.0.0.2", port: 6882),
        ],
        variants: [SwarmVariant(id: "v", reference: .localFile(path: "/srv/f"))])

    init(
        policy: any SecurityPolicy = StandardSecurityPolicy(), hasOverlay: Bool = false,
        options: SwarmSignalOptions = SwarmSignalOptions(), busOptions: SignalBusOptions = SignalBusOptions(),
        treat: @escaping @Sendable (Signal) -> LinkTreatment = { _ in .delivered }
    ) async throws {
        buses = await SignalBusPair("a", "b", options: busOptions, clock: clock.nodeClock, treat: treat)
        try await jobs.put(Self.job)
        a = SwarmSignalHandlers(
            localPeerID: "a", bus: buses.first, jobs: jobs, policy: policy, backend: backendA,
            overlay: hasOverlay ? overlay : nil, options: options, clock: clock.nodeClock
        ) { [answers] answer in answers.withLock { $0.append(answer) } }
        b = SwarmSignalHandlers(
            localPeerID: "b", bus: buses.second, jobs: jobs, policy: policy, backend: backendB,
            overlay: hasOverlay ? overlay : nil, options: options, clock: clock.nodeClock)
        await a.start()
        await b.start()
    }

    func stop() async {
        await a.stop()
        await b.stop()
        await buses.first.stop()
        await buses.second.stop()
    }

    /// A signal of `b` to `a`, as `b` would send it, from whatever sender.
    func signal(
        _ body: SignalBody, id: String = Signal.randomID(), from peerID: String = "b", to: String = "a"
    ) -> Signal {
        Signal(signalID: id, fromPeerID: peerID, toPeerID: to, sentAt: clock.wallTime, body: body)
    }

    func request(job: String = "job", variant: String = "v", hints: RequestBtFallback.Hints? = nil)
        -> SignalBody
    {
        .requestBtFallback(RequestBtFallback(jobID: job, variantID: variant, hints: hints))
    }

    /// Hands a signal to `a` as if a channel had proved its sender.
    func deliverToA(_ signal: Signal) async throws {
        await buses.first.receive(try SignalCodec.encode(signal), from: signal.fromPeerID, over: .mesh)
    }

    func deliverToB(_ signal: Signal) async throws {
        await buses.second.receive(try SignalCodec.encode(signal), from: signal.fromPeerID, over: .mesh)
    }

    /// The acks that `a` sent so far.
    var acks: [RequestBtFallbackAck] {
        buses.toSecond.taken.compactMap { signal in
            if case .requestBtFallbackAck(let ack) = signal.body { ack } else { nil }
        }
    }

    /// The cancels that `b` sent so far.
    var cancels: [JobCancel] {
        buses.toFirst.taken.compactMap { signal in
            if case .jobCancel(let cancel) = signal.body { cancel } else { nil }
        }
    }

    /// The request that `b` sent last.
    var sentRequest: Signal? { buses.toFirst.taken.last { $0.type == .requestBtFallback } }

    func fetch(_ job: SwarmJob = SignalFixture.job) -> Task<Result<FetchedContent, BackendError>, Never> {
        Task { [b] in
            do throws(BackendError) {
                return .success(
                    try await b.requestFallback(job: job, variant: "v", from: "a", into: "/tmp/x"))
            } catch {
                return .failure(error)
            }
        }
    }
}

/// Waits until something holds; where it never does, until the suite's limit of time ends the task.
func eventually(_ condition: @Sendable () async -> Bool) async {
    while await !condition() {
        guard (try? await Task.sleep(for: .milliseconds(1))) != nil else { return }
    }
}

/// A policy that allows some actions.
struct ListedPolicy: SecurityPolicy {
    let allowed: [SecurityQuestion.Action]
    func decide(_ question: SecurityQuestion) async -> SecurityDecision {
        allowed.contains(question.action) ? .allow : .deny(reason: "not on the list")
    }
}

extension Result where Failure == BackendError {
    /// The error's code; nil for a success.
    var code: BackendError.Code? { if case .failure(let error) = self { error.code } else { nil } }
}

import NodeInterface
import NodeSupport
import PrivateTorrentTesting
import Testing

@testable import PrivateTorrent

@Suite("SwarmSignalHandlers, asking", .timeLimit(.minutes(1)))
struct RequestingTests {
    /// An answer to the request that `b` sent last.
    private func ack(
        _ fixture: SignalFixture, accepted: Bool = true, reason: FallbackReason = .ok,
        id: String? = ScriptedBackend.hash, endpoints: [String]? = nil,
        change: (inout RequestBtFallbackAck) -> Void = { _ in }
    ) throws -> SignalBody {
        let request = try #require(fixture.sentRequest)
        var ack = RequestBtFallbackAck(
            requestSignalID: request.signalID, jobID: "job", variantID: "v", accepted: accepted,
            reason: reason, btFallbackID: id, endpoints: endpoints)
        change(&ack)
        return .requestBtFallbackAck(ack)
    }

    /// `a` answers nothing by itself: the test does.
    private func mute(_ policy: any SecurityPolicy = StandardSecurityPolicy()) async throws -> SignalFixture {
        let fixture = try await SignalFixture(policy: policy)
        await fixture.a.stop()
        return fixture
    }

    private func asked(_ fixture: SignalFixture) async { await eventually { fixture.sentRequest != nil } }

    @Test("the whole way: asked, answered, fetched from that peer alone, and the peer told that it is over")
    func fetched() async throws {
        let fixture = try await SignalFixture()
        let content = try await fixture.fetch().value.get()
        #expect(content.infoHash == ScriptedBackend.hash)
        let fetched = await fixture.backendB.fetched
        #expect(fetched.map(\.infoHash) == [ScriptedBackend.hash])
        #expect(
            fetched.first?.job.sources == [
                SwarmSource(peerID: "a", transport: "torrent", address: "127.0.0.1", port: 6881)
            ])
        await eventually { await fixture.backendA.heldCount == 0 }
        #expect(fixture.cancels.map(\.requestSignalID) == [fixture.sentRequest?.signalID])
        #expect(await fixture.b.statistics.fetched == 1)
        await fixture.stop()
    }

    @Test("a duplicated request starts one fallback, a duplicated ack one fetch")
    func duplicated() async throws {
        let fixture = try await SignalFixture { _ in .duplicated }
        _ = try await fixture.fetch().value.get()
        #expect(await fixture.backendA.prepared.count == 1)
        #expect(await fixture.backendB.fetched.count == 1)
        await eventually { await fixture.buses.first.statistics.drops[.duplicate] == 2 }
        await eventually { await fixture.buses.second.statistics.drops[.duplicate] == 1 }
        #expect(await fixture.backendA.prepared.count == 1)
        #expect(await fixture.backendB.fetched.count == 1)
        await fixture.stop()
    }

    @Test("a lost ack: the request times out after half its time, and the peer is told to let go")
    func lostAck() async throws {
        let fixture = try await SignalFixture { $0.type == .requestBtFallbackAck ? .lost : .delivered }
        let fetch = fixture.fetch()
        await eventually { await fixture.a.heldCount == 1 }
        // The request's own timer, and that of what is held.
        await eventually { await fixture.a.answeringCount == 0 && fixture.clock.sleeperCount == 2 }
        fixture.clock.advance(by: .seconds(149))
        #expect(await fixture.b.requests.count == 1)
        fixture.clock.advance(by: .seconds(1))
        #expect(await fetch.value.code == .timedOut)
        await eventually { await fixture.backendA.heldCount == 0 }
        #expect(await fixture.backendB.fetched.isEmpty)
        await fixture.stop()
    }

    @Test("a late ack is dropped and counted")
    func lateAck() async throws {
        let fixture = try await mute()
        let fetch = fixture.fetch()
        await asked(fixture)
        let late = try ack(fixture)
        await fixture.clock.waitForSleepers()
        fixture.clock.advance(by: .seconds(150))
        #expect(await fetch.value.code == .timedOut)
        try await fixture.deliverToB(fixture.signal(late, from: "a", to: "b"))
        await eventually { await fixture.b.statistics.drops[.unknownRequest] == 1 }
        #expect(await fixture.backendB.fetched.isEmpty)
        await fixture.stop()
    }

    @Test(
        "an ack from somebody else, for something else or for nothing is dropped, and the right one still counts"
    )
    func wrongAcks() async throws {
        let fixture = try await mute()
        let fetch = fixture.fetch()
        await asked(fixture)
        let right = try ack(fixture)
        try await fixture.deliverToB(fixture.signal(right, from: "stranger", to: "b"))
        for change: (inout RequestBtFallbackAck) -> Void in [
            { $0.requestSignalID = "invented" }, { $0.jobID = "other" }, { $0.variantID = "other" },
        ] {
            try await fixture.deliverToB(
                fixture.signal(ack(fixture, change: change), from: "a", to: "b"))
        }
        await eventually { await fixture.b.statistics.drops[.unknownRequest] == 4 }
        #expect(await fixture.backendB.fetched.isEmpty)
        try await fixture.deliverToB(fixture.signal(right, from: "a", to: "b"))
        _ = try await fetch.value.get()
        // The same once more, as a signal of its own: it names nothing any more.
        try await fixture.deliverToB(fixture.signal(right, from: "a", to: "b"))
        await eventually { await fixture.b.statistics.drops[.unknownRequest] == 5 }
        #expect(await fixture.backendB.fetched.count == 1)
        await fixture.stop()
    }

    @Test(
        "an ack that the bus drops never reaches a request: spoofed, for another, expired, skewed, oversize")
    func droppedAcks() async throws {
        let fixture = try await mute()
        let fetch = fixture.fetch()
        await asked(fixture)
        let body = try ack(fixture)
        let bus = fixture.buses.second
        let spoofed = try SignalCodec.encode(fixture.signal(body, from: "a", to: "b"))
        #expect(await bus.receive(spoofed, from: "stranger", over: .mesh) == .spoofedSender)
        let foreign = try SignalCodec.encode(fixture.signal(body, from: "a", to: "c"))
        #expect(await bus.receive(foreign, from: "a", over: .mesh) == .wrongAddressee)
        var expired = fixture.signal(body, from: "a", to: "b")
        expired.sentAt = expired.sentAt.advanced(by: .seconds(-300))
        #expect(await bus.receive(try SignalCodec.encode(expired), from: "a", over: .mesh) == .expired)
        var skewed = fixture.signal(body, from: "a", to: "b")
        skewed.sentAt = skewed.sentAt.advanced(by: .seconds(121))
        #expect(await bus.receive(try SignalCodec.encode(skewed), from: "a", over: .mesh) == .skewed)
        let oversize = spoofed + [UInt8](repeating: 32, count: SignalCodec.maximumBytes)
        #expect(await bus.receive(oversize, from: "a", over: .mesh) == .oversize)
        #expect(await fixture.b.requests.count == 1)
        await fixture.b.stop()
        #expect(await fetch.value.code == .shutDown)
        await fixture.stop()
    }

    @Test("a refusal is passed on with the peer's reason, and the peer need not be told anything")
    func refused() async throws {
        let fixture = try await SignalFixture()
        await fixture.backendA.disable()
        let result = await fixture.fetch().value
        guard case .failure(let error) = result else { return #expect(Bool(false), "it was refused") }
        #expect(error.code == .refused)
        #expect(error.underlying == "bt-backend-disabled")
        await fixture.stop()
        #expect(fixture.cancels.isEmpty)
    }

    @Test("a peer's reason that is no plain word is not shown")
    func hostileReason() async throws {
        let fixture = try await mute()
        let fetch = fixture.fetch()
        await asked(fixture)
        let reason = FallbackReason(rawValue: "\u{1b}[31mred")
        try await fixture.deliverToB(
            fixture.signal(ack(fixture, accepted: false, reason: reason), from: "a", to: "b"))
        guard case .failure(let error) = await fetch.value else {
            return #expect(Bool(false), "it was refused")
        }
        #expect(!"\(error)\(error.underlying ?? "")".contains("\u{1b}"))
        await fixture.stop()
    }

    @Test(
        "an accepted answer that we cannot use is an error, and the peer is told",
        arguments: [nil, "", "zz", "../x"])
    func unusableID(id: String?) async throws {
        let fixture = try await mute()
        let fetch = fixture.fetch()
        await asked(fixture)
        try await fixture.deliverToB(fixture.signal(ack(fixture, id: id), from: "a", to: "b"))
        #expect(await fetch.value.code == .malformed)
        await eventually { fixture.cancels.count == 1 }
        #expect(await fixture.backendB.fetched.isEmpty)
        await fixture.stop()
    }

    @Test("a torrent that is not the one that the variant names is not fetched")
    func otherTorrent() async throws {
        let fixture = try await SignalFixture()
        var job = SignalFixture.job
        job.variants = [SwarmVariant(id: "v", reference: .infoHash(String(repeating: "7", count: 40)))]
        #expect(await fixture.fetch(job).value.code == .contentMismatch)
        #expect(await fixture.backendB.fetched.isEmpty)
        await fixture.stop()
    }

    @Test("our own policy may refuse to fetch")
    func ownPolicy() async throws {
        let fixture = try await SignalFixture(policy: ListedPolicy(allowed: [.seedFallback]))
        #expect(await fixture.fetch().value.code == .refused)
        #expect(await fixture.backendB.fetched.isEmpty)
        await eventually { await fixture.backendA.heldCount == 0 }
        await fixture.stop()
    }

    @Test("a peer that nobody can place is not fetched from, whatever it says")
    func nowhere() async throws {
        let fixture = try await mute()
        var job = SignalFixture.job
        job.sources = []
        let fetch = fixture.fetch(job)
        await asked(fixture)
        try await fixture.deliverToB(
            fixture.signal(ack(fixture, endpoints: ["127.0.0.9:1"]), from: "a", to: "b"))
        #expect(await fetch.value.code == .noPeer)
        #expect(await fixture.backendB.fetched.isEmpty)
        await fixture.stop()
    }

    @Test(
        "cancelling the task ends it while it waits and while it fetches, on both sides",
        arguments: [false, true])
    func cancelled(whileFetching: Bool) async throws {
        let fixture = try await SignalFixture { signal in
            !whileFetching && signal.type == .requestBtFallbackAck ? .lost : .delivered
        }
        await fixture.backendB.gate()
        let fetch = fixture.fetch()
        await eventually { await fixture.a.heldCount == 1 }
        if whileFetching { await fixture.backendB.waitUntilGated() }
        fetch.cancel()
        #expect(await fetch.value.code == .cancelled)
        await eventually { await fixture.backendA.heldCount == 0 }
        #expect(await fixture.b.requests.isEmpty)
        await fixture.stop()
    }

    @Test("the peer's cancel ends our fetch, and a stranger's does not")
    func cancelledByPeer() async throws {
        let fixture = try await SignalFixture()
        await fixture.backendB.gate()
        let fetch = fixture.fetch()
        await fixture.backendB.waitUntilGated()
        let id = try #require(fixture.sentRequest?.signalID)
        let cancel = SignalBody.jobCancel(JobCancel(jobID: "job", requestSignalID: id))
        try await fixture.deliverToB(fixture.signal(cancel, from: "stranger", to: "b"))
        await eventually { await fixture.b.statistics.drops[.notAParticipant] == 1 }
        #expect(await fixture.b.requests.count == 1)
        try await fixture.deliverToB(fixture.signal(cancel, from: "a", to: "b"))
        #expect(await fetch.value.code == .refused)
        await fixture.stop()
    }

    @Test("no channel, no backend, not started, asked twice, asked of itself: each an error at once")
    func impossible() async throws {
        let unreachable = try await SignalFixture { _ in .declined }
        #expect(await unreachable.fetch().value.code == .noPeer)
        await unreachable.stop()
        #expect(await unreachable.fetch().value.code == .shutDown)

        let fixture = try await mute()
        let first = fixture.fetch()
        await asked(fixture)
        #expect(await fixture.fetch().value.code == .refused)
        let toItself = await #expect(throws: BackendError.self) {
            try await fixture.b.requestFallback(
                job: SignalFixture.job, variant: "v", from: "b", into: "/tmp/x")
        }
        #expect(toItself?.code == .refused)
        await fixture.backendB.disable()
        #expect(await fixture.fetch().value.code == .disabled)
        await fixture.b.cancel(jobID: "job")
        #expect(await first.value.code == .cancelled)
        await fixture.stop()
    }

    @Test("a hundred requests at once are bounded, and all end with the node")
    func bounded() async throws {
        let fixture = try await mute()
        let tasks = (0..<100).map { number in
            Task { () async -> BackendError.Code? in
                var job = SignalFixture.job
                job.jobID = "job\(number)"
                return await fixture.fetch(job).value.code
            }
        }
        await eventually { await fixture.b.requests.count == 64 }
        await eventually { await fixture.b.statistics.requests == 64 }
        await fixture.b.stop()
        var codes: [BackendError.Code: Int] = [:]
        for task in tasks { codes[try #require(await task.value), default: 0] += 1 }
        #expect(codes == [.limitExceeded: 36, .shutDown: 64])
        #expect(await fixture.b.requests.isEmpty)
        await fixture.stop()
    }
}

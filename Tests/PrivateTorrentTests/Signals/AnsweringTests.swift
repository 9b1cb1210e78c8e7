import NodeInterface
import NodeSupport
import PrivateTorrentTesting
import Testing
import TorrentEngine

@testable import PrivateTorrent

@Suite("SwarmSignalHandlers, asked", .timeLimit(.minutes(1)))
struct AnsweringTests {
    /// The answer to one request.
    private func answer(_ fixture: SignalFixture, to body: SignalBody, from peerID: String = "b") async throws
        -> RequestBtFallbackAck?
    {
        let before = fixture.answers.withLock { $0.count }
        let signal = fixture.signal(body, from: peerID)
        try await fixture.deliverToA(signal)
        await eventually { fixture.answers.withLock { $0.count } > before }
        return fixture.acks.last { $0.requestSignalID == signal.signalID }
    }

    @Test("an accepted request is prepared for its sender alone, held, and answered with where to fetch")
    func accepted() async throws {
        let fixture = try await SignalFixture()
        let ack = try #require(
            try await answer(fixture, to: fixture.request(hints: .init(preferredPieceSizeBytes: 65536))))
        #expect(ack.accepted)
        #expect(ack.reason == .ok)
        #expect(ack.btFallbackID == ScriptedBackend.hash)
        #expect(ack.endpoints == ["127.0.0.1:6881"])
        let prepared = await fixture.backendA.prepared
        #expect(
            prepared == [
                ScriptedBackend.Preparation(
                    jobID: "job", variantID: "v",
                    sources: [
                        SwarmSource(peerID: "b", transport: "torrent", address: "127.0.0.2", port: 6882)
                    ],
                    preferredPieceSizeBytes: 65536)
            ])
        #expect(await fixture.backendA.heldCount == 1)
        await fixture.stop()
        #expect(await fixture.backendA.heldCount == 0)
    }

    @Test("the refusals, each before those that come after it in the contract")
    func order() async throws {
        // Everything is wrong at once, and is put right one by one: each time the next check is the one that refuses.
        let fixture = try await SignalFixture(policy: ListedPolicy(allowed: []))
        await fixture.backendA.disable()
        func reason(_ job: String, _ variant: String, from peerID: String) async throws -> FallbackReason? {
            try await answer(fixture, to: fixture.request(job: job, variant: variant), from: peerID)?.reason
        }
        #expect(try await reason("", "", from: "stranger") == .missingJobIDOrVariantID)
        #expect(try await reason("", "v", from: "stranger") == .missingJobIDOrVariantID)
        #expect(try await reason("job", "", from: "stranger") == .missingJobIDOrVariantID)
        #expect(try await reason("other", "v", from: "stranger") == .unknownJobOrVariant)
        #expect(try await reason("other", "v", from: "b") == .unknownJobOrVariant)
        #expect(try await reason("job", "other", from: "b") == .unknownJobOrVariant)
        #expect(try await reason("job", "v", from: "stranger") == .unknownJobOrVariant)
        #expect(try await reason("job", "v", from: "b") == .securityDenied)
        let allowing = try await SignalFixture()
        await allowing.backendA.disable()
        #expect(try await answer(allowing, to: allowing.request())?.reason == .btBackendDisabled)
        #expect(await fixture.backendA.prepared.isEmpty)
        #expect(await allowing.backendA.prepared.isEmpty)
        #expect(fixture.acks.allSatisfy { !$0.accepted && $0.btFallbackID == nil && $0.endpoints == nil })
        await fixture.stop()
        await allowing.stop()
    }

    @Test("who takes no part gets the very answer of an unknown job")
    func alike() async throws {
        let fixture = try await SignalFixture()
        var foreign = try #require(
            try await answer(fixture, to: fixture.request(), from: "stranger"))
        var unknown = try #require(
            try await answer(fixture, to: fixture.request(job: "nope"), from: "stranger"))
        for field in [\RequestBtFallbackAck.requestSignalID, \.jobID] {
            foreign[keyPath: field] = ""
            unknown[keyPath: field] = ""
        }
        #expect(foreign == unknown)
        await fixture.stop()
    }

    @Test(
        "a failure to prepare becomes a reason, and nothing is held",
        arguments: [
            (.refused, .securityDenied), (.disabled, .btBackendDisabled), (.storage, .internalError),
            (.cancelled, .internalError), (.internalFailure, .internalError),
        ] as [(BackendError.Code, FallbackReason)])
    func failures(code: BackendError.Code, reason: FallbackReason) async throws {
        let fixture = try await SignalFixture()
        await fixture.backendA.fail(with: code)
        #expect(try await answer(fixture, to: fixture.request())?.reason == reason)
        #expect(await fixture.backendA.heldCount == 0)
        #expect(await fixture.a.heldCount == 0)
        #expect(fixture.answers.withLock { $0.last?.detail.isEmpty } == false)
        await fixture.stop()
    }

    @Test("an answer that no channel takes leaves nothing behind")
    func unsentAnswer() async throws {
        let fixture = try await SignalFixture { $0.type == .requestBtFallbackAck ? .declined : .delivered }
        try await fixture.deliverToA(fixture.signal(fixture.request()))
        await eventually { await fixture.a.statistics.unsentAnswers == 1 }
        await eventually { await fixture.a.answeringCount == 0 }
        #expect(await fixture.backendA.prepared.count == 1)
        #expect(await fixture.backendA.heldCount == 0)
        await fixture.stop()
    }

    @Test("a preparation that outlives its request is cancelled, and not answered")
    func tooLate() async throws {
        let fixture = try await SignalFixture()
        await fixture.backendA.gate()
        try await fixture.deliverToA(fixture.signal(fixture.request()))
        await fixture.backendA.waitUntilGated()
        await fixture.clock.waitForSleepers()
        fixture.clock.advance(by: .seconds(300))
        await eventually { await fixture.a.answeringCount == 0 }
        #expect(fixture.acks.isEmpty)
        #expect(await fixture.backendA.heldCount == 0)
        await fixture.stop()
    }

    @Test(
        "a hundred requests at once: so many are prepared, the rest refused, and one at a time for a content")
    func flood() async throws {
        var busOptions = SignalBusOptions()
        busOptions.burstPerSender = 1000
        let fixture = try await SignalFixture(busOptions: busOptions)
        await fixture.backendA.gate()
        for _ in 0..<100 { try await fixture.deliverToA(fixture.signal(fixture.request())) }
        await eventually { await fixture.a.refusedOrDropped == 96 }
        #expect(fixture.acks.contains { !$0.accepted && $0.reason == .internalError })
        #expect(await fixture.a.answeringCount == 4)
        await fixture.backendA.waitUntilGated()
        #expect(await fixture.backendA.prepared.count == 1)
        await fixture.backendA.open()
        await eventually { await fixture.a.heldCount == 4 }
        #expect(await fixture.backendA.mostAtOnce == 1)
        await fixture.stop()
        #expect(await fixture.backendA.heldCount == 0)
    }

    @Test("a hundred peers at once: no more are answered than the node does at once")
    func manyPeers() async throws {
        let fixture = try await SignalFixture()
        let peers = (0..<100).map { "p\($0)" }
        var job = SignalFixture.job
        job.sources = peers.map { SwarmSource(peerID: $0, transport: "mesh", address: "127.0.0.3", port: 1) }
        try await fixture.jobs.put(job)
        await fixture.backendA.gate()
        for peer in peers { try await fixture.deliverToA(fixture.signal(fixture.request(), from: peer)) }
        await eventually { await fixture.a.refusedOrDropped == 68 }
        #expect(await fixture.a.answeringCount == 32)
        await fixture.backendA.open()
        await eventually { await fixture.a.heldCount == 32 }
        await fixture.stop()
        #expect(await fixture.backendA.heldCount == 0)
    }

    @Test("what is held for peers is bounded, and let go in time")
    func heldLimits() async throws {
        var options = SwarmSignalOptions()
        options.heldFallbacksPerPeer = 2
        let fixture = try await SignalFixture(options: options)
        #expect(try await answer(fixture, to: fixture.request())?.accepted == true)
        #expect(try await answer(fixture, to: fixture.request())?.accepted == true)
        #expect(try await answer(fixture, to: fixture.request())?.reason == .internalError)
        await eventually { await fixture.a.answeringCount == 0 && fixture.clock.sleeperCount == 2 }
        fixture.clock.advance(by: .seconds(6 * 3600))
        await eventually { await fixture.backendA.heldCount == 0 }
        #expect(await fixture.a.heldCount == 0)
        await fixture.stop()
    }

    @Test("what is held for a peer that is not seen is let go after a while, and kept while it is seen")
    func unused() async throws {
        let fixture = try await SignalFixture()
        await fixture.backendA.setInUse(true)
        #expect(try await answer(fixture, to: fixture.request())?.accepted == true)
        await eventually { await fixture.a.answeringCount == 0 }
        /// The clock moves only when the watch sleeps: it has looked in between.
        func pass(_ times: Int) async {
            for _ in 0..<times {
                await eventually { fixture.clock.sleeperCount == 1 }
                let looks = await fixture.backendA.looks
                fixture.clock.advance(by: .seconds(75))
                await eventually { await fixture.backendA.looks > looks }
            }
        }
        await pass(12)
        #expect(await fixture.a.heldCount == 1)
        await fixture.backendA.setInUse(false)
        await pass(3)
        #expect(await fixture.a.heldCount == 1)
        await pass(1)
        await eventually { await fixture.backendA.heldCount == 0 }
        #expect(await fixture.a.heldCount == 0)
        #expect(await fixture.a.statistics.unused == 1)
        await fixture.stop()
    }

    @Test("a cancel ends what its sender's request started, and only once")
    func cancel() async throws {
        let fixture = try await SignalFixture()
        let request = fixture.signal(fixture.request())
        try await fixture.deliverToA(request)
        await eventually { await fixture.a.heldCount == 1 }
        let cancel = SignalBody.jobCancel(JobCancel(jobID: "job", requestSignalID: request.signalID))
        try await fixture.deliverToA(fixture.signal(cancel))
        await eventually { await fixture.backendA.heldCount == 0 }
        try await fixture.deliverToA(fixture.signal(cancel))
        await eventually { await fixture.a.statistics.drops[.unknownRequest] == 1 }
        #expect(await fixture.a.statistics.cancels == 1)
        await fixture.stop()
    }

    @Test("a cancel in the middle of the preparation ends it, without an answer")
    func cancelWhilePreparing() async throws {
        let fixture = try await SignalFixture()
        await fixture.backendA.gate()
        let request = fixture.signal(fixture.request())
        try await fixture.deliverToA(request)
        await fixture.backendA.waitUntilGated()
        try await fixture.deliverToA(
            fixture.signal(.jobCancel(JobCancel(jobID: "job", requestSignalID: request.signalID))))
        await eventually { await fixture.a.answeringCount == 0 }
        #expect(fixture.acks.isEmpty)
        #expect(await fixture.backendA.heldCount == 0)
        await fixture.stop()
    }

    @Test("a cancel of a stranger, of another peer, of another job or with an invented ID does nothing")
    func foreignCancels() async throws {
        let fixture = try await SignalFixture()
        let request = fixture.signal(fixture.request())
        try await fixture.deliverToA(request)
        await eventually { await fixture.a.heldCount == 1 }
        func cancel(_ job: String, _ id: String, from peerID: String) async throws {
            let body = SignalBody.jobCancel(JobCancel(jobID: job, requestSignalID: id))
            try await fixture.deliverToA(fixture.signal(body, from: peerID))
        }
        try await cancel("job", request.signalID, from: "stranger")
        await eventually { await fixture.a.statistics.drops[.notAParticipant] == 1 }
        try await cancel("job", request.signalID, from: "a")
        try await cancel("job", "invented", from: "b")
        await eventually { await fixture.a.statistics.drops[.unknownRequest] == 2 }
        try await cancel("other", request.signalID, from: "b")
        await eventually { await fixture.a.statistics.drops[.notAParticipant] == 2 }
        #expect(await fixture.a.statistics.cancels == 0)
        #expect(await fixture.backendA.heldCount == 1)
        await fixture.stop()
    }

    @Test("one peer's cancel takes nothing from another peer, nor from the node itself")
    func counted() async throws {
        let fixture = try await SignalFixture()
        _ = try await fixture.backendA.preparePrivateTorrent(job: SignalFixture.job, variant: "v")
        var job = SignalFixture.job
        job.sources.append(SwarmSource(peerID: "c", transport: "mesh", address: "127.0.0.3", port: 1))
        try await fixture.jobs.put(job)
        let request = fixture.signal(fixture.request())
        try await fixture.deliverToA(request)
        try await fixture.deliverToA(fixture.signal(fixture.request(), from: "c"))
        await eventually { await fixture.a.heldCount == 2 }
        try await fixture.deliverToA(
            fixture.signal(.jobCancel(JobCancel(jobID: "job", requestSignalID: request.signalID))))
        await eventually { await fixture.a.heldCount == 1 }
        await eventually { await fixture.backendA.heldCount == 2 }
        #expect(await fixture.backendA.held.keys.contains { $0.hasSuffix("peer c") })
        await fixture.stop()
        #expect(await fixture.backendA.held.keys.sorted() == [""])
    }

    @Test("a cancelled job ends everything of it, and its peers are told")
    func cancelJob() async throws {
        let fixture = try await SignalFixture()
        let held = fixture.signal(fixture.request())
        try await fixture.deliverToA(held)
        await eventually { await fixture.a.heldCount == 1 }
        await fixture.backendA.gate()
        let preparing = fixture.signal(fixture.request())
        try await fixture.deliverToA(preparing)
        await fixture.backendA.waitUntilGated()
        await fixture.a.cancel(jobID: "job")
        #expect(await fixture.a.answeringCount == 0)
        #expect(await fixture.backendA.heldCount == 0)
        await fixture.stop()
        let told = fixture.buses.toSecond.taken.compactMap { signal in
            if case .jobCancel(let cancel) = signal.body { cancel.requestSignalID } else { nil }
        }
        #expect(told.sorted() == [held.signalID, preparing.signalID].sorted())
    }

    @Test("stopping cancels what is prepared, and nothing is answered afterwards")
    func stop() async throws {
        let fixture = try await SignalFixture()
        await fixture.backendA.gate()
        try await fixture.deliverToA(fixture.signal(fixture.request()))
        await fixture.backendA.waitUntilGated()
        await fixture.a.stop()
        #expect(await fixture.a.answeringCount == 0)
        #expect(await fixture.backendA.heldCount == 0)
        #expect(fixture.acks.isEmpty)
        await fixture.a.start()
        #expect(try await answer(fixture, to: fixture.request())?.accepted == true)
        await fixture.stop()
    }
}

extension SwarmSignalHandlers {
    /// Requests that came while too many were answered.
    fileprivate var refusedOrDropped: UInt64 {
        statistics.drops[.overloaded, default: 0] + statistics.answers[.internalError, default: 0]
    }
}

import NodeInterface
import NodeSupport
import PrivateTorrentTesting
import Testing

@Suite("In-memory implementations")
struct InMemoryTests {
    private func candidate(
        _ id: String, item: String = "i", backend: ContentBackendType = .torrent, quality: Double = 0.5
    ) -> SourceCandidate {
        SourceCandidate(
            id: id, itemID: item, backend: backend, backendRef: "00", expectedQuality: quality)
    }

    @Test("a registry finds by item and backend, replaces by ID, and forgets")
    func registry() async throws {
        let registry = InMemorySourceRegistry()
        try await registry.register(candidate("1"))
        try await registry.register(candidate("2", backend: .http))
        try await registry.register(candidate("3", item: "other"))
        #expect(await registry.candidates(itemID: "i", backend: .torrent).map(\.id) == ["1"])
        try await registry.register(candidate("1", item: "other", quality: 1))
        #expect(await registry.candidates(itemID: "i", backend: .torrent).isEmpty)
        #expect(await registry.candidates(itemID: "other", backend: .torrent).map(\.id) == ["1", "3"])
        await registry.remove(candidateID: "3")
        await registry.remove(candidateID: "3")
        #expect(await registry.candidates(itemID: "other", backend: .torrent).map(\.expectedQuality) == [1])
        #expect(await registry.count == 2)
    }

    @Test("a full registry takes no more, but replaces")
    func registryLimit() async throws {
        let registry = InMemorySourceRegistry(limit: 2)
        try await registry.register(candidate("1"))
        try await registry.register(candidate("2"))
        let error = await #expect(throws: BackendError.self) { try await registry.register(candidate("3")) }
        #expect(error?.code == .limitExceeded)
        try await registry.register(candidate("2", quality: 0.9))
        #expect(await registry.count == 2)
    }

    @Test("a registry refuses what cannot be compared", arguments: [-0.1, 1.1, .nan, .infinity])
    func registryValues(quality: Double) async {
        let error = await #expect(throws: BackendError.self) {
            try await InMemorySourceRegistry().register(candidate("1", quality: quality))
        }
        #expect(error?.code == .malformed)
    }

    @Test("a job's sources and those it was put in with take part, and nobody else")
    func jobs() async throws {
        let store = InMemoryJobStore(limit: 1)
        let job = SwarmJob(
            jobID: "j", file: SwarmFile(contentID: "c", hash: "h", sizeBytes: 1),
            sources: [SwarmSource(peerID: "a", transport: "mesh")])
        try await store.put(job, participants: ["b"])
        #expect(await store.job(id: "j") == job)
        #expect(await store.isParticipant("a", inJob: "j"))
        #expect(await store.isParticipant("b", inJob: "j"))
        #expect(await !store.isParticipant("c", inJob: "j"))
        #expect(await !store.isParticipant("a", inJob: "k"))
        await #expect(throws: BackendError.self) { try await store.put(SwarmJob(jobID: "k", file: job.file)) }
        try await store.put(job)
        #expect(await !store.isParticipant("b", inJob: "j"))
        await store.remove(jobID: "j")
        #expect(await store.job(id: "j") == nil)
        #expect(await !store.isParticipant("a", inJob: "j"))
    }

    @Test("a budget pays all or nothing, and fills up again to no more than it holds")
    func budget() async {
        let clock = TestClock()
        let budget = InMemoryWorkBudget(units: 5, refillPerSecond: 2, clock: clock.nodeClock)
        #expect(await budget.trySpend(3))
        #expect(await !budget.trySpend(3))
        #expect(await budget.trySpend(0))
        #expect(await !budget.trySpend(-1))
        #expect(await budget.remaining == 2)
        clock.advance(by: .milliseconds(500))
        #expect(await budget.trySpend(3))
        clock.advance(by: .seconds(3600))
        #expect(await budget.remaining == 5)
        #expect(await !InMemoryWorkBudget(units: -1).trySpend(1))
    }

    @Test("the budget that is spent from many tasks is never overspent")
    func concurrentBudget() async {
        let budget = InMemoryWorkBudget(units: 50)
        let paid = await withTaskGroup(of: Bool.self) { group in
            for _ in 0..<200 { group.addTask { await budget.trySpend(1) } }
            return await group.reduce(0) { $0 + ($1 ? 1 : 0) }
        }
        #expect(paid == 50)
    }

    @Test("the standard policy allows fallbacks and nothing else")
    func policy() async {
        func decide(_ action: SecurityQuestion.Action) async -> Bool {
            await StandardSecurityPolicy().decide(
                SecurityQuestion(action: action, peerID: "p", jobID: "j", variantID: "v")
            ).isAllowed
        }
        #expect(await decide(.seedFallback))
        #expect(await decide(.fetchFallback))
        #expect(await !decide(.admitUnknownEndpoints))
        #expect(await !decide(SecurityQuestion.Action(rawValue: "later")))
    }

    @Test("a set of info-hashes takes either case")
    func allowed() async {
        let set = InMemoryAllowedInfoHashes(["ABCD"])
        #expect(await set.contains("abcd"))
        await set.insert("EF")
        await set.remove("abcd")
        #expect(await set.contains("ef"))
        #expect(await !set.contains("ABCD"))
    }
}

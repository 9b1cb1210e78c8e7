import NodeInterface
import Testing
import TorrentEngine

@testable import PrivateTorrent

@Suite(.timeLimit(.minutes(2)))
struct CandidateTests {
    private static let hash = String(repeating: "ab", count: 20)

    private func candidate(
        _ id: String, ref: String = hash, quality: Double = 0.5, trust: Double = 0.5, seeders: Int? = 5,
        isPrivate: Bool = true, backend: ContentBackendType = .torrent
    ) -> SourceCandidate {
        SourceCandidate(
            id: id, itemID: "item", backend: backend, backendRef: ref, expectedQuality: quality,
            trustScore: trust,
            seeders: seeders, isFromPrivateSource: isPrivate)
    }

    private func backend(
        _ candidates: [SourceCandidate] = [], maximum: Int = 10, enabled: Bool = true,
        privateMode: PrivateModeOptions? = PrivateModeOptions(), allowed: Set<String>? = nil
    ) async throws -> TorrentBackend {
        try await TorrentBackend.start(
            options: TorrentBackendOptions(
                enabled: enabled, maxCandidatesPerItem: maximum, queryTimeoutSeconds: 20,
                privateMode: privateMode),
            configuration: BackendConfiguration(
                engine: EngineConfiguration(listen: [ListenAddress(parsing: "127.0.0.2:0")]),
                sourceRegistry: Registry(list: candidates),
                allowedInfoHashes: allowed.map { HashSet(hashes: $0) }))
    }

    private func find(_ backend: TorrentBackend, _ budget: any WorkBudget = UnlimitedWorkBudget())
        async throws -> [String]
    {
        try await backend.findCandidates(for: ContentItem(itemID: "item"), budget: budget).map(\.id)
    }

    @Test("Candidates of a private source with enough seeders, the best first, and not too many")
    func filtered() async throws {
        let list = [
            candidate("good", quality: 0.7), candidate("best", quality: 0.9, trust: 0.1),
            candidate("trusted", quality: 0.7, trust: 0.9), candidate("public", quality: 1, isPrivate: false),
            candidate("few", quality: 1, seeders: 1), candidate("unknown", quality: 1, seeders: nil),
            candidate("other", quality: 1, backend: .http), candidate("malformed", ref: "x", quality: 1),
            candidate("v2", ref: String(repeating: "ab", count: 32), quality: 1),
            candidate("nan", quality: .nan),
        ]
        var node = try await backend(list)
        #expect(try await find(node) == ["best", "trusted", "good", "nan"])
        try await node.shutdown()
        node = try await backend(list, maximum: 2)
        #expect(try await find(node) == ["best", "trusted"])
        try await node.shutdown()
        node = try await backend(list, privateMode: nil)
        #expect(try await find(node).first == "public")
        try await node.shutdown()
        node = try await backend(list, enabled: false)
        #expect(try await find(node).isEmpty)
        try await node.shutdown()
    }

    @Test(
        "The budget is asked before the registry and before the allowed set, and its refusal ends the search")
    func budget() async throws {
        let other = String(repeating: "cd", count: 20)
        let list = [
            candidate("1", quality: 0.9), candidate("2", ref: other, quality: 0.8),
            candidate("3", quality: 0.7),
        ]
        let node = try await backend(list, allowed: [Self.hash])
        for (units, expected, left) in [
            (0, [], 0), (1, [], 0), (2, ["1"], 0), (3, ["1"], 0), (9, ["1", "3"], 5),
        ] {
            let budget = Budget(units)
            #expect(try await find(node, budget) == expected)
            #expect(budget.left == left)
        }
        try await node.shutdown()
    }

    @Test("What speaks against a candidate is told in order")
    func validation() async throws {
        let node = try await backend(allowed: [Self.hash])
        let other = String(repeating: "cd", count: 20)
        var bad = candidate("x", ref: "nonsense", seeders: 0, isPrivate: false, backend: .http)
        var reasons: [CandidateRefusal?] = []
        func look() async {
            if case .invalid(let reason, _) = await node.validate(bad) {
                reasons.append(reason)
            } else {
                reasons.append(nil)
            }
        }
        await look()
        bad.backend = .torrent
        await look()
        bad.backendRef = "magnet:?xt=urn:btmh:1220\(String(repeating: "ab", count: 32))"
        await look()
        bad.backendRef = other
        await look()
        bad.isFromPrivateSource = true
        await look()
        bad.backendRef = "magnet:?xt=urn:btih:\(Self.hash)&tr=http://t.test"
        await look()
        bad.seeders = 2
        await look()
        #expect(
            reasons == [
                .otherBackend, .malformedReference, .unsupportedReference, .unknownProvenance, .notAllowed,
                .tooFewSeeders, nil,
            ])
        try await node.apply(TorrentBackendOptions())
        await look()
        #expect(reasons.last == .disabled)
        try await node.shutdown()
    }

    @Test(
        "References",
        arguments: [
            (hash, true), (hash.uppercased(), true), (String(repeating: "a", count: 32), true),
            ("magnet:?xt=urn:btih:\(hash)", true), (String(repeating: "ab", count: 32), false),
        ] as [(String, Bool)])
    func references(text: String, isV1: Bool) {
        let reference = CandidateReference(text)
        #expect(reference != nil)
        #expect((reference != .v2) == isV1)
    }

    @Test(
        "No reference",
        arguments: [
            "", "x", String(repeating: "a", count: 39), "magnet:?dn=x", String(repeating: "g", count: 64),
        ])
    func noReference(text: String) { #expect(CandidateReference(text) == nil) }
}

@Suite(.timeLimit(.minutes(2)))
struct ProbeTests {
    private func backend(_ invites: [String], seconds: Int = 20) async throws -> TorrentBackend {
        try await TorrentBackend.start(
            options: TorrentBackendOptions(
                enabled: true, minimumSeeders: 0, queryTimeoutSeconds: seconds,
                privateMode: PrivateModeOptions(inviteList: invites)),
            configuration: BackendConfiguration(
                engine: EngineConfiguration(listen: [ListenAddress(parsing: "127.0.0.2:0")])))
    }

    private func candidate(_ infoHash: InfoHash) -> SourceCandidate {
        SourceCandidate(
            id: "c", itemID: "item", backend: .torrent, backendRef: infoHash.description,
            expectedQuality: 0.5,
            trustScore: 2, isFromPrivateSource: true)
    }

    private func refusal(_ validation: CandidateValidation) -> CandidateRefusal? {
        if case .invalid(let reason, _) = validation { reason } else { nil }
    }

    @Test("The members are asked for metadata and what they have, for 3 units; nothing of it stays")
    func healthy() async throws {
        let scratch = try Scratch()
        let swarm = try await Swarm.seed(scratch.file("in", bytes: 500_000))
        let node = try await backend([swarm.endpoint.description])
        let wanted = candidate(swarm.torrent.infoHash)
        #expect(refusal(await node.validate(wanted, probeBudget: Budget(2))) == .budgetExhausted)
        let budget = Budget(3)
        #expect(await node.validate(wanted, probeBudget: budget) == .valid(trust: 1, quality: 0.5))
        #expect(budget.left == 0)
        // The same info-hash is free again, and no content was asked for.
        let torrent = try await node.engine.add(swarm.torrent.infoHash, options: AddOptions(saveFolder: "/"))
        try await torrent.remove()
        #expect(try await swarm.torrent.status().uploadedBytes == 0)
        try await node.shutdown()
        try await swarm.shutdown()
    }

    @Test("A probe that finds nobody, in the limit of time, says so")
    func nobody() async throws {
        let scratch = try Scratch()
        let swarm = try await Swarm.seed(scratch.file("in", bytes: 1000), allowing: ["127.0.0.9"])
        let node = try await backend([swarm.endpoint.description], seconds: 1)
        #expect(
            refusal(await node.validate(candidate(swarm.torrent.infoHash), probeBudget: Budget(3))) == .noPeer
        )
        try await node.apply(TorrentBackendOptions(enabled: true, minimumSeeders: 0, queryTimeoutSeconds: 1))
        #expect(
            refusal(await node.validate(candidate(swarm.torrent.infoHash), probeBudget: Budget(3))) == .noPeer
        )
        try await node.shutdown()
        try await swarm.shutdown()
    }
}

private struct Registry: SourceRegistry {
    let list: [SourceCandidate]
    func candidates(itemID: String, backend: ContentBackendType) async throws(BackendError)
        -> [SourceCandidate]
    { list }
    func register(_ candidate: SourceCandidate) async throws(BackendError) {}
    func remove(candidateID: String) async throws(BackendError) {}
}

private struct HashSet: AllowedInfoHashes {
    let hashes: Set<String>
    func contains(_ infoHash: String) async -> Bool { hashes.contains(infoHash) }
}

private final class Budget: WorkBudget {
    private let units: Locked<Int>
    init(_ units: Int) { self.units = Locked(units) }
    var left: Int { units.withLock { $0 } }
    func trySpend(_ wanted: Int) async -> Bool {
        units.withLock { units in
            guard wanted <= units else { return false }
            units -= wanted
            return true
        }
    }
}

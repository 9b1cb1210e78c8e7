import Foundation
import NodeInterface
import Testing
import TorrentEngine

@testable import PrivateTorrent

@Suite(.timeLimit(.minutes(2)))
struct RetentionTests {
    private let now = UnixTime(milliseconds: 1_800_000_000_000)

    /// A torrent of 100 bytes that was fetched and is whole.
    private func entry(_ number: UInt8, hoursAgo: Int64, _ change: (inout TorrentEntry) -> Void = { _ in })
        throws -> TorrentEntry
    {
        let hash = try #require(InfoHash(bytes: [UInt8](repeating: number, count: 20)))
        var entry = TorrentEntry(
            hash, role: .fetch, saveFolder: "/x",
            addedTime: UnixTime(milliseconds: now.milliseconds - hoursAgo * 3_600_000))
        entry.isComplete = true
        entry.sizeBytes = 100
        change(&entry)
        return entry
    }

    private func plan(
        _ entries: [TorrentEntry], active: Set<UInt8> = [], budget: UInt64?
    ) -> (gone: [UInt8?], kept: [UInt8: RetentionPlan.Protection], plan: RetentionPlan) {
        let active = Set(active.compactMap { InfoHash(bytes: [UInt8](repeating: $0, count: 20)) })
        let plan = RetentionPlan(entries, active: active, budget: budget, now: now)
        return (
            plan.removals.map(\.infoHash.bytes.first),
            Dictionary(plan.kept.map { ($0.key.bytes[0], $0.value) }) { first, _ in first }, plan
        )
    }

    @Test("Above the budget what was needed longest ago goes first, and only as much as must")
    func order() throws {
        let entries = try [entry(1, hoursAgo: 1), entry(2, hoursAgo: 3), entry(3, hoursAgo: 2)]
        #expect(plan(entries, budget: nil).gone.isEmpty)
        #expect(plan(entries, budget: 300).gone.isEmpty)
        #expect(plan(entries, budget: 299).gone == [2])
        #expect(plan(entries, budget: 150).gone == [2, 3])
        let all = plan(entries, budget: 0)
        #expect(all.gone == [2, 3, 1] && all.plan.excessBytes == 0 && all.plan.usedBytes == 300)
    }

    @Test("Pinned, active and unfinished torrents never go for it, and the user's own content does not count")
    func protected() throws {
        let entries = try [
            entry(1, hoursAgo: 9) { $0.retention.isPinned = true }, entry(2, hoursAgo: 8),
            entry(3, hoursAgo: 7) { $0.isComplete = false }, entry(4, hoursAgo: 6) { $0.role = .seed },
            entry(5, hoursAgo: 1),
        ]
        let found = plan(entries, active: [2], budget: 100)
        #expect(found.gone == [5])
        #expect(found.kept == [1: .pinned, 2: .active, 3: .incomplete, 4: .ownContent])
        #expect(found.plan.usedBytes == 400 && found.plan.excessBytes == 200)
    }

    @Test("What has expired goes; what is idle goes unless a member is connected; what is pinned does not")
    func expiry() throws {
        let past = UnixTime(milliseconds: now.milliseconds - 1)
        let entries = try [
            entry(1, hoursAgo: 5) { $0.retention.expiry = past },
            entry(2, hoursAgo: 5) { $0.retention.expiry = UnixTime(milliseconds: now.milliseconds + 1) },
            entry(3, hoursAgo: 5) { $0.retention.idleLimit = .seconds(5 * 3600) },
            entry(4, hoursAgo: 5) { $0.retention.idleLimit = .seconds(5 * 3600 + 1) },
            entry(5, hoursAgo: 5) { $0.retention.idleLimit = .seconds(1) },
            entry(6, hoursAgo: 5) {
                $0.retention.expiry = past
                $0.retention.isPinned = true
            },
        ]
        let found = plan(entries, active: [5], budget: nil)
        #expect(found.gone == [1, 3])
        #expect(found.plan.removals.allSatisfy { $0.freedBytes == 0 })
    }

    @Test("A store makes room by itself: the content of what goes is deleted, and of nothing else")
    func store() async throws {
        let scratch = try Scratch()
        let store = try await TorrentStore.open(
            "\(scratch.path)/state", engine: Swarm.engine("127.0.0.2"),
            options: TorrentStore.Options(budgetBytes: 250_000))
        var hashes: [InfoHash] = []
        for name in ["first", "second", "own"] {
            let swarm = try await Swarm.seed(scratch.file(name, bytes: 200_000), pieceLength: 16384)
            hashes.append(swarm.torrent.infoHash)
            if name == "own" {
                _ = try await Seeder(store: store).seed(
                    swarm.created.metainfo, in: scratch.path, members: [])
            } else {
                var request = FetchRequest(
                    swarm.magnet, into: try scratch.folder("out"), members: try swarm.members)
                request.seedsAfterwards = true
                _ = try await Fetcher(store: store).fetch(request)
            }
            try await swarm.shutdown()
        }
        try scratch.file("out/stranger", bytes: 10)
        while try await store.torrent(hashes[0])?.status().connectedPeers ?? 0 > 0 {
            try await Task.sleep(for: .milliseconds(10))
        }
        let plan = await store.retentionPlan()
        #expect(plan.removals.map(\.infoHash) == [hashes[0]] && plan.usedBytes == 400_000)
        #expect(await store.torrents.count == 3)
        #expect(await store.makeRoom() == plan.removals)
        #expect(scratch.tree("out").sorted() == ["second", "stranger"])
        #expect(Set(await store.torrents.map(\.infoHash)) == Set(hashes.dropFirst()))
        #expect(await store.makeRoom().isEmpty)

        try await store.setRetention(of: hashes[1]) { $0.expiry = UnixTime(milliseconds: 0) }
        #expect(await store.makeRoom().map(\.reason) == [.expired])
        #expect(scratch.tree("out").sorted() == ["second", "stranger"])
        #expect(await store.shutdown().isEmpty)
        try await store.engine.shutdown()
    }

    @Test("An index of version 1 is read, and what it said of retention with it")
    func versionOne() throws {
        let text = try Data(
            contentsOf: URL(filePath: #filePath).deletingLastPathComponent().appending(path: "index-1.json"))
        let index = try StateIndex(parsing: Array(text))
        #expect(index.entries.count == 2)
        let pinned = try #require(index.entries.values.first { $0.role == .seed })
        #expect(pinned.retention.isPinned)
        #expect(pinned.retention.expiry == UnixTime(milliseconds: 1_800_000_000_000))
        #expect(pinned.retention.lastNeeded == pinned.addedTime)
        #expect(pinned.members.map(\.rule.description) == ["10.1.0.0/16", "[fd00::7]:6881"])
        let fetch = try #require(index.entries.values.first { $0.role == .fetch })
        #expect(!fetch.retention.isPinned && fetch.retention.expiry == nil && fetch.job?.id == "job")
        // And it is written as what it is now.
        let written = String(decoding: try index.encoded(), as: UTF8.self)
        #expect(written.contains("\"schemaVersion\":2"))
        #expect(try StateIndex(parsing: Array(written.utf8)).entries == index.entries)
    }
}

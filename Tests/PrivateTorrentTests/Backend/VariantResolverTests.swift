import Foundation
import NodeInterface
import PrivateTorrentTesting
import Testing
import TorrentEngine

@testable import PrivateTorrent

@Suite(.timeLimit(.minutes(2)))
struct VariantResolverTests {
    private func resolve(
        _ reference: SwarmVariantReference, _ resolver: VariantResolver, preferring size: Int64? = nil,
        within limit: Duration = .seconds(60)
    ) async throws -> VariantResolver.Resolved {
        try await resolver.resolve(
            SwarmVariant(id: "v", reference: reference), preferredPieceSizeBytes: size, within: limit,
            operation: "test")
    }

    private func seeded(_ resolved: VariantResolver.Resolved) throws -> Metainfo {
        guard case .seed(let metainfo, _, _) = resolved else {
            throw BackendError(.malformed, "test", reason: "no seed")
        }
        return metainfo
    }

    @Test("A file is hashed once, whoever asks and with whatever wish; a changed file is another")
    func hashedOnce() async throws {
        let scratch = try Scratch()
        let file = try scratch.file("share/a", bytes: 2_000_000)
        let resolver = VariantResolver(
            configuration: BackendConfiguration(shareRoots: ["\(scratch.path)/share"]))
        let hashes = try await withThrowingTaskGroup(of: InfoHash.self) { group in
            for size in [nil, 65_536, 32_768] as [Int64?] {
                group.addTask {
                    try await self.resolve(.localFile(path: file), resolver, preferring: size).infoHash
                }
            }
            return try await group.reduce(into: Set<InfoHash>()) { $0.insert($1) }
        }
        #expect(hashes.count == 1)
        #expect(
            try await resolve(.localFile(path: file), resolver, preferring: 1 << 20).infoHash == hashes.first)
        #expect(await resolver.sharedFiles.hashCount == 1)

        try scratch.file("share/a", bytes: 2_000_001)
        let changed = try seeded(try await resolve(.localFile(path: file), resolver, preferring: 40_000))
        #expect(await resolver.sharedFiles.hashCount == 2)
        #expect(changed.pieceLengthBytes == 32_768)
        #expect(changed.sizeBytes == 2_000_001)
    }

    private struct Wish: Sendable {
        let bytes: Int64
        let content: UInt64
        let expected: Int
    }

    private static let wishes: [Wish] = [
        Wish(bytes: .min, content: 1000, expected: 16_384),
        Wish(bytes: 0, content: 1000, expected: 16_384),
        Wish(bytes: 32_767, content: 1000, expected: 16_384),
        Wish(bytes: 32_768, content: 1000, expected: 32_768),
        Wish(bytes: .max, content: 1000, expected: 16_777_216),
        // 65,536 pieces, and a byte more.
        Wish(bytes: 16_384, content: 1_073_741_824, expected: 16_384),
        Wish(bytes: 16_384, content: 1_073_741_825, expected: 32_768),
        Wish(bytes: 16_384, content: 1_099_511_627_776, expected: 16_777_216),
        Wish(bytes: 16_384, content: .max, expected: 16_777_216),
    ]

    @Test("A wish for a piece size becomes a power of two that is possible", arguments: wishes)
    private func pieceLength(_ wish: Wish) {
        #expect(PieceLength.clamp(wish.bytes, contentBytes: wish.content) == wish.expected)
    }

    @Test(
        "A resolver that knows the info-hash spares asking the members; one that gives another torrent is passed over"
    )
    func resolvers() async throws {
        let scratch = try Scratch()
        let right = try await TorrentCreator().create(of: scratch.file("first", bytes: 1000))
        let wrong = try await TorrentCreator().create(of: scratch.file("second", bytes: 1000))
        let list: [any MetainfoResolver] = [
            FixedResolver(name: "empty", answer: .success(nil)),
            FixedResolver(name: "liar", answer: .success(wrong.torrent)),
            FixedResolver(name: "garbage", answer: .success([1, 2, 3])),
            FixedResolver(
                name: "broken", answer: .failure(BackendError(.storage, "test", reason: "disk on fire"))),
        ]
        let text = right.metainfo.infoHash.description
        let good = FixedResolver(name: "library", answer: .success(right.torrent))
        let resolver = VariantResolver(configuration: BackendConfiguration(metainfoResolvers: list + [good]))
        for reference in [SwarmVariantReference.infoHash(text), .magnet("magnet:?xt=urn:btih:\(text)")] {
            guard case .fetch(.metainfo(let found), let asked) = try await resolve(reference, resolver) else {
                Issue.record("the resolver was not used")
                continue
            }
            #expect(found.infoHash == right.metainfo.infoHash)
            #expect(asked.isEmpty)
        }
        let unknowing = VariantResolver(configuration: BackendConfiguration(metainfoResolvers: list))
        guard case .fetch(.infoHash, let asked) = try await resolve(.infoHash(text), unknowing) else {
            Issue.record("it was resolved")
            return
        }
        #expect(asked.count == 4)
        #expect(asked.first == "empty")
        #expect(asked.last?.contains("disk on fire") == true)
    }

    @Test("A resolver or loader that does not return is waited for in bounds")
    func stuck() async throws {
        let scratch = try Scratch()
        let created = try await TorrentCreator().create(of: scratch.file("first", bytes: 1000))
        let hang = Hang()
        let resolver = VariantResolver(
            configuration: BackendConfiguration(
                metainfoResolvers: [
                    StuckMetainfo(hang: hang),
                    FixedResolver(name: "library", answer: .success(created.torrent)),
                ], metainfoLoader: StuckMetainfo(hang: hang)))
        let limit = Duration.milliseconds(50)
        let found = try await resolve(
            .infoHash(created.metainfo.infoHash.description), resolver, within: limit)
        guard case .fetch(.metainfo, _) = found else { return #expect(Bool(false), "the next was not asked") }
        let error = await #expect(throws: BackendError.self) {
            try await resolve(.torrentURL("x"), resolver, within: limit)
        }
        #expect(error?.code == .timedOut)
        await hang.release()
    }

    @Test("An info-hash that nobody knows is an error that says who was asked")
    func nobodyKnows() async throws {
        let scratch = try Scratch()
        let backend = try await TorrentBackend.start(
            options: TorrentBackendOptions(enabled: true),
            configuration: BackendConfiguration(
                downloadFolder: scratch.path,
                metainfoResolvers: [FixedResolver(name: "the library", answer: .success(nil))]))
        // The job's own peers are a source that stays open: end it by a short limit.
        try await backend.apply(TorrentBackendOptions(enabled: true, queryTimeoutSeconds: 1))
        let job = SwarmJob(
            jobID: "j", file: SwarmFile(contentID: "c", hash: "h", sizeBytes: 1),
            variants: [SwarmVariant(id: "v", reference: .infoHash(String(repeating: "00", count: 20)))])
        let error = await #expect(throws: BackendError.self) {
            try await backend.preparePrivateTorrent(job: job, variant: "v")
        }
        #expect(error?.code == .noPeer)
        #expect(error?.reason.contains("the library") == true)
        try await backend.shutdown()
    }

    @Test("A URL goes to the loader, with the limit on bytes, and its bytes are parsed as any")
    func loader() async throws {
        let scratch = try Scratch()
        let created = try await TorrentCreator().create(of: scratch.file("first", bytes: 1000))
        let good = VariantResolver(
            configuration: BackendConfiguration(metainfoLoader: FixedLoader(bytes: created.torrent)))
        #expect(
            try await resolve(.torrentURL("https://x.test/t"), good).infoHash == created.metainfo.infoHash)
        let bad = VariantResolver(
            configuration: BackendConfiguration(metainfoLoader: FixedLoader(bytes: [1])))
        let error = await #expect(throws: BackendError.self) { try await resolve(.torrentURL("x"), bad) }
        #expect(error?.code == .malformed)
    }
}

private struct StuckMetainfo: MetainfoResolver, MetainfoLoader {
    let name = "stuck"
    let hang: Hang

    func metainfo(infoHash: String, maximumBytes: Int) async throws(BackendError) -> [UInt8]? {
        await hang.wait()
        return nil
    }

    func loadMetainfo(url: String, maximumBytes: Int) async throws(BackendError) -> [UInt8] {
        await hang.wait()
        return []
    }
}

private struct FixedResolver: MetainfoResolver {
    let name: String
    let answer: Result<[UInt8]?, BackendError>
    func metainfo(infoHash: String, maximumBytes: Int) async throws(BackendError) -> [UInt8]? {
        try answer.get()
    }
}

private struct FixedLoader: MetainfoLoader {
    let bytes: [UInt8]
    func loadMetainfo(url: String, maximumBytes: Int) async throws(BackendError) -> [UInt8] {
        guard maximumBytes == MetainfoLimits.standard.maxBytes else {
            throw BackendError(.limitExceeded, "test", reason: "another limit")
        }
        return bytes
    }
}

import Foundation
import NodeInterface
import PrivateTorrentTesting
import Testing
import TorrentEngine

@testable import PrivateTorrent

@Suite(.timeLimit(.minutes(2)))
struct ResolverTests {
    private func candidate(
        _ id: String, _ reference: String, _ backend: ContentBackendType = .http
    ) -> SourceCandidate {
        SourceCandidate(id: id, itemID: "item", backend: backend, backendRef: reference)
    }

    private func plan(
        _ steps: ResolutionStep..., size: UInt64? = 2500, hash: String = "7", name: String = "song.flac"
    ) -> ResolutionPlan {
        ResolutionPlan(
            item: ContentItem(
                itemID: "item", file: size.map { SwarmFile(contentID: name, hash: hash, sizeBytes: $0) }),
            steps: steps)
    }

    @Test("A cascade tries the next candidate, and the next step, until one has the file")
    func cascade() async throws {
        let scratch = try Scratch()
        let source = ScriptedSource()
        let steps = [
            ResolutionStep(id: "1", candidates: [candidate("a", "fail"), candidate("b", "fail")]),
            ResolutionStep(id: "2", candidates: [candidate("c", "fail"), candidate("d", "bytes:2500")]),
            ResolutionStep(id: "3", candidates: [candidate("e", "bytes:2500")]),
        ]
        let resolution = try await Resolver(backends: [source], verifier: FirstByteVerifier())
            .resolve(plan(steps[0], steps[1], steps[2]), into: scratch.folder("out"))
        #expect(source.log.withLock { $0.began } == ["a", "b", "c", "d"])
        #expect(source.log.withLock { $0.most } == 1)
        #expect(resolution.steps.map(\.state) == [.failed, .succeeded, .waiting])
        #expect(resolution.steps[0].attempts.map(\.error?.code) == [.noPeer, .noPeer])
        #expect(resolution.file?.candidateID == "d")
        #expect(resolution.file?.sizeBytes == 2500)
        #expect(try scratch.contents("out/song.flac") == Data(repeating: 7, count: 2500))
        #expect(scratch.tree("out") == ["song.flac"])
    }

    @Test("A fan-out tries no more at once than it may, and the first ends the others")
    func fanOut() async throws {
        let scratch = try Scratch()
        let source = ScriptedSource()
        let step = ResolutionStep(
            id: "1",
            candidates: [
                candidate("a", "hang"), candidate("b", "fail"), candidate("c", "fail"),
                candidate("d", "together:2500"), candidate("e", "hang"),
            ], order: .fanOut(atOnce: 2))
        let resolution = try await Resolver(backends: [source])
            .resolve(plan(step), into: scratch.folder("out"))
        #expect(source.log.withLock { $0.most } == 2)
        #expect(source.log.withLock { $0.atOnce } == 0)
        #expect(!source.log.withLock { $0.began }.contains("e"))
        #expect(resolution.file?.candidateID == "d")
        let codes = Dictionary(
            uniqueKeysWithValues: resolution.steps[0].attempts.map { ($0.candidateID, $0.error?.code) })
        #expect(codes == ["a": .cancelled, "b": .noPeer, "c": .noPeer, "d": nil])
        #expect(scratch.tree("out") == ["song.flac"])
    }

    @Test("A step whose time is up ends, and the next one goes on")
    func timeout() async throws {
        let scratch = try Scratch()
        let resolution = try await Resolver(backends: [ScriptedSource()]).resolve(
            plan(
                ResolutionStep(id: "1", candidates: [candidate("a", "hang")], timeout: .milliseconds(50)),
                ResolutionStep(id: "2", candidates: [candidate("b", "bytes:2500")], timeout: .seconds(60))),
            into: scratch.folder("out"))
        #expect(resolution.steps.map(\.state) == [.timedOut, .succeeded])
        #expect(scratch.tree("out") == ["song.flac"])
    }

    @Test("What is cancelled leaves nothing running and nothing on disk")
    func cancellation() async throws {
        let scratch = try Scratch()
        let source = ScriptedSource()
        let (out, plan) = (
            try scratch.folder("out"),
            plan(
                ResolutionStep(
                    id: "1", candidates: [candidate("a", "hang"), candidate("b", "hang")],
                    order: .fanOut(atOnce: 2)))
        )
        let task = Task { try await Resolver(backends: [source]).resolve(plan, into: out) }
        while source.log.withLock({ $0.atOnce }) < 2 { await Task.yield() }
        task.cancel()
        await #expect(throws: BackendError.self) { try await task.value }
        #expect(source.log.withLock { $0.atOnce } == 0)
        #expect(scratch.tree("out").isEmpty)
    }

    @Test(
        "What is not the item's file is no result, and leaves nothing",
        arguments: [
            ("bytes:2499", "7", BackendError.Code.contentMismatch),
            ("bytes:2501", "7", .limitExceeded),
            ("bytes:unannounced:2501", "7", .limitExceeded),
            ("bytes:2500", "8", .contentMismatch),
        ])
    func mismatch(reference: String, hash: String, code: BackendError.Code) async throws {
        let scratch = try Scratch()
        let resolution = try await Resolver(backends: [ScriptedSource()], verifier: FirstByteVerifier())
            .resolve(
                plan(ResolutionStep(id: "1", candidates: [candidate("a", reference)]), hash: hash),
                into: scratch.folder("out"))
        #expect(resolution.file == nil)
        #expect(resolution.steps[0].attempts.map(\.error?.code) == [code])
        #expect(scratch.tree("out").isEmpty)
    }

    @Test("What stands there already is never replaced")
    func taken() async throws {
        let scratch = try Scratch()
        try scratch.file("out/song.flac", bytes: 10)
        let before = try scratch.contents("out/song.flac")
        let resolution = try await Resolver(backends: [ScriptedSource()]).resolve(
            plan(ResolutionStep(id: "1", candidates: [candidate("a", "bytes:2500")])),
            into: scratch.folder("out"))
        #expect(resolution.file?.path.hasSuffix("/song (2).flac") == true)
        #expect(try scratch.contents("out/song.flac") == before)
    }

    @Test("Of a torrent's files the one that the item names is taken, by size and hash")
    func torrentFile() async throws {
        let scratch = try Scratch()
        let torrents = ScriptedTorrents(files: [("a.flac", 2500), ("b.flac", 2500), ("c.txt", 3)])
        var plan = plan(
            ResolutionStep(
                id: "1", candidates: [candidate("t", String(repeating: "a", count: 40), .torrent)]),
            hash: String(UInt8(ascii: "b")))
        plan.maximumBytes = 6000
        let resolver = Resolver(torrents: torrents, verifier: FirstByteVerifier())
        let resolution = try await resolver.resolve(plan, into: scratch.folder("out"))
        #expect(resolution.file?.path.hasSuffix("/b.flac") == true)
        #expect(scratch.tree("out") == ["b.flac"])

        plan.maximumBytes = 5002
        let refused = try await resolver.resolve(plan, into: scratch.folder("out2"))
        #expect(refused.steps[0].attempts.map(\.error?.code) == [.limitExceeded])
        #expect(scratch.tree("out2").isEmpty)
    }

    @Test("Where a backend is missing, its candidates are unsupported")
    func unsupported() async throws {
        let scratch = try Scratch()
        let resolution = try await Resolver().resolve(
            plan(
                ResolutionStep(
                    id: "1", candidates: [candidate("a", "x"), candidate("t", "x", .torrent)])),
            into: scratch.folder("out"))
        #expect(resolution.steps[0].attempts.map(\.error?.code) == [.unsupported, .unsupported])
    }

    @Test(
        "Names from outside become plain ones",
        arguments: [
            ("../../etc/passwd", "_._.._etc_passwd"), (".bashrc", "_bashrc"), ("..", "content"),
            ("", "content"), ("a/b", "a_b"), ("a\u{0}\n\u{202e}b", "ab"),
        ])
    func names(text: String, plain: String) {
        #expect(PlainName.of(text) == plain)
        #expect(!PlainName.of(text).hasPrefix("."))
    }

    @Test("A step says each of its changes")
    func reports() async throws {
        let scratch = try Scratch()
        let states = Locked<[StepReport.State]>([])
        _ = try await Resolver(backends: [ScriptedSource()]).resolve(
            plan(ResolutionStep(id: "1", candidates: [candidate("a", "bytes:2500")])),
            into: scratch.folder("out")
        ) { report in states.withLock { $0.append(report.state) } }
        #expect(states.withLock { $0 } == [.running, .succeeded])
    }

    @Test("A backend that does not return, cancelled or not, holds no plan up")
    func stuck() async throws {
        let scratch = try Scratch()
        let source = ScriptedSource()
        var resolver = Resolver(backends: [source])
        resolver.windDown = .milliseconds(50)
        let steps = [
            ResolutionStep(id: "1", candidates: [candidate("a", "stuck")], timeout: .milliseconds(50)),
            ResolutionStep(id: "2", candidates: [candidate("b", "bytes:2500")]),
        ]
        let resolution = try await resolver.resolve(plan(steps[0], steps[1]), into: scratch.folder("out"))
        #expect(resolution.steps.map(\.state) == [.timedOut, .succeeded])
        #expect(scratch.tree("out") == ["song.flac"])
        await source.stuck.release()
    }
}

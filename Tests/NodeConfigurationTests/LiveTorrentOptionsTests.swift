import NodeInterface
import PrivateTorrent
import Testing
import TorrentEngine

@testable import NodeConfiguration

@Suite("LiveTorrentOptions")
struct LiveTorrentOptionsTests {
    private static func text(_ rest: String) -> String { "VirtualSoulfindV2: {Torrent: {\(rest)}}" }

    /// What was applied and reported, in order.
    private final class Record: Sendable {
        private let state = Locked<(applied: [Int], notices: [LiveTorrentOptions.Notice])>(([], []))
        var applied: [Int] { state.withLock { $0.applied } }
        var notices: [LiveTorrentOptions.Notice] { state.withLock { $0.notices } }
        func apply(_ options: TorrentBackendOptions) {
            state.withLock { $0.applied.append(options.minimumSeeders) }
        }
        func report(_ notice: LiveTorrentOptions.Notice) { state.withLock { $0.notices.append(notice) } }

        func look(_ live: LiveTorrentOptions) async {
            await live.reload {
                self.apply($0)
            } report: {
                self.report($0)
            }
        }
    }

    @Test(
        "A changed file is handed on once; a bad one keeps the last good value and is told once, until it is mended"
    )
    func reload() async throws {
        let folder = try ConfigurationFolder()
        let file = try folder.write(Self.text("MinimumSeeders: 1"), to: "a.yaml")
        let live = try LiveTorrentOptions(await TorrentOptionsReader(files: [file], environment: [:]))
        let record = Record()
        await record.look(live)
        #expect(record.applied == [])

        try folder.write(Self.text("MinimumSeeders: 3"), to: "a.yaml")
        await record.look(live)
        await record.look(live)
        #expect(record.applied == [3])

        for bad in [Self.text("MinimumSeeders: -1"), "VirtualSoulfindV2: {Torrent: ["] {
            try folder.write(bad, to: "a.yaml")
            await record.look(live)
            await record.look(live)
            #expect(await live.current.minimumSeeders == 3)
        }
        let refusals = record.notices.filter { if case .refused = $0 { true } else { false } }
        #expect(refusals.count == 2)

        try folder.write(Self.text("MinimumSeeders: 4, MinSeeders: 5"), to: "a.yaml")
        await record.look(live)
        #expect(record.applied == [3, 4])
        #expect(
            record.notices.contains {
                if case .warning(let text) = $0 { text.contains("MinSeeders") } else { false }
            })

        try folder.write(Self.text("MinimumSeeders: -1"), to: "a.yaml")
        await record.look(live)
        #expect(record.notices.filter { if case .refused = $0 { true } else { false } }.count == 3)
    }

    @Test("A file that goes away keeps the last good value")
    func missing() async throws {
        let folder = try ConfigurationFolder()
        let file = try folder.write(Self.text("MinimumSeeders: 1"), to: "a.yaml")
        let live = try LiveTorrentOptions(await TorrentOptionsReader(files: [file], environment: [:]))
        try folder.remove("a.yaml")
        let record = Record()
        await record.look(live)
        #expect(await live.current.minimumSeeders == 1)
        guard case .refused(let error) = record.notices.first else {
            Issue.record("nothing was told")
            return
        }
        #expect(error.operation.contains(file))
    }

    @Test("What cannot be applied is tried again at the next look")
    func applyFails() async throws {
        let folder = try ConfigurationFolder()
        let file = try folder.write(Self.text("MinimumSeeders: 1"), to: "a.yaml")
        let live = try LiveTorrentOptions(await TorrentOptionsReader(files: [file], environment: [:]))
        try folder.write(Self.text("MinimumSeeders: 2"), to: "a.yaml")
        await live.reload { (_) async throws(BackendError) in
            throw BackendError(.shutDown, "test", reason: "test")
        }
        #expect(await live.current.minimumSeeders == 1)
        let record = Record()
        await record.look(live)
        #expect(record.applied == [2])
    }

    @Test("The file is followed without being asked")
    func follow() async throws {
        let folder = try ConfigurationFolder()
        let file = try folder.write(Self.text("MinimumSeeders: 1"), to: "a.yaml")
        let live = try LiveTorrentOptions(await TorrentOptionsReader(files: [file], environment: [:]))
        let (values, continuation) = AsyncStream.makeStream(of: Int.self)
        let following = Task {
            await live.follow(every: .milliseconds(10)) { continuation.yield($0.minimumSeeders) }
        }
        try folder.write(Self.text("MinimumSeeders: 7"), to: "a.yaml")
        var iterator = values.makeAsyncIterator()
        #expect(await iterator.next() == 7)
        following.cancel()
        await following.value
    }
}

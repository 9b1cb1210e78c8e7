import Foundation
import NodeInterface
import Testing
import TorrentEngine

@testable import PrivateTorrent

@Suite(.timeLimit(.minutes(2)))
struct ContentStreamerTests {
    private func streamed(
        _ swarm: Swarm, _ reference: TorrentReference, into scratch: Scratch, to sink: CollectingSink,
        maximumBytes: UInt64 = .max, members: [Member]? = nil, engine given: Engine? = nil,
        choice: FileChoice = FileChoice(), started: @escaping @Sendable () -> Void = {}
    ) async throws -> Result<ContentDelivery, BackendError> {
        var engine = given
        if engine == nil { engine = try await Swarm.engine("127.0.0.2") }
        let running = try #require(engine)
        let request = ContentStreamer.Request(
            reference, below: try scratch.folder("work"), members: try members ?? swarm.members,
            maximumBytes: maximumBytes, choice: choice)
        let result: Result<ContentDelivery, BackendError>
        do throws(BackendError) {
            result = .success(
                try await ContentStreamer(engine: running).stream(request, to: sink) { _ in started() })
        } catch {
            result = .failure(error)
        }
        #expect(scratch.tree("work").isEmpty)
        // The torrent is gone: its info-hash can be added again.
        let again = try await running.add(
            swarm.torrent.infoHash, options: AddOptions(saveFolder: scratch.path))
        try await again.remove()
        try await running.shutdown()
        return result
    }

    @Test("A file comes in order, by info-hash and by metainfo", arguments: [true, false])
    func whole(_ byMetainfo: Bool) async throws {
        let scratch = try Scratch()
        let swarm = try await Swarm.seed(scratch.file("in.bin", bytes: 3_000_001), pieceLength: 65536)
        let sink = CollectingSink()
        let reference: TorrentReference = byMetainfo ? .metainfo(swarm.created.metainfo) : swarm.magnet
        let delivery = try await streamed(swarm, reference, into: scratch, to: sink).get()
        #expect(delivery == ContentDelivery(deliveredBytes: 3_000_001, isComplete: true))
        #expect(try Data(sink.bytes) == scratch.contents("in.bin"))
        #expect(sink.announced == [3_000_001])
        try await swarm.shutdown()
    }

    @Test("What is larger than wanted is refused before the first byte", arguments: [true, false])
    func tooLarge(_ byMetainfo: Bool) async throws {
        let scratch = try Scratch()
        let swarm = try await Swarm.seed(scratch.file("in.bin", bytes: 100_000))
        let sink = CollectingSink()
        let reference: TorrentReference = byMetainfo ? .metainfo(swarm.created.metainfo) : swarm.magnet
        let result = try await streamed(swarm, reference, into: scratch, to: sink, maximumBytes: 99_999)
        #expect(throws: BackendError.self) { try result.get() }
        if case .failure(let error) = result { #expect(error.code == .limitExceeded) }
        #expect(sink.announced.isEmpty)
        try await swarm.shutdown()
    }

    @Test("A sink that had enough, or fails, ends the transfer and leaves nothing")
    func earlyEnd() async throws {
        let scratch = try Scratch()
        let swarm = try await Swarm.seed(scratch.file("in.bin", bytes: 2_000_000), pieceLength: 65536)
        let enough = CollectingSink(enoughAt: 100_000)
        let delivery = try await streamed(swarm, swarm.magnet, into: scratch, to: enough).get()
        #expect(!delivery.isComplete)
        #expect(delivery.deliveredBytes == UInt64(enough.bytes.count))
        #expect(try scratch.contents("in.bin").starts(with: enough.bytes))

        let failing = CollectingSink(failsAt: 100_000)
        let result = try await streamed(swarm, swarm.magnet, into: scratch, to: failing)
        if case .failure(let error) = result {
            #expect(error.code == .storage)
        } else {
            Issue.record("the sink's error was lost")
        }
        try await swarm.shutdown()
    }

    @Test("Cancelling stops it wherever it is, and leaves nothing")
    func cancelled() async throws {
        let scratch = try Scratch()
        let swarm = try await Swarm.seed(scratch.file("in.bin", bytes: 2_000_000), pieceLength: 65536)
        for waitsForData in [false, true] {
            let sink = CollectingSink(blocksAt: waitsForData ? 100_000 : nil)
            // Without data: nobody listens where the member should be.
            let nowhere = [Member(try AddressRule(PeerEndpoint(parsing: "127.0.0.9:1")), source: .invite)]
            let engine = try await Swarm.engine("127.0.0.2")
            let hasStarted = Locked(false)
            let task = Task {
                try await streamed(
                    swarm, swarm.magnet, into: scratch, to: sink, members: waitsForData ? nil : nowhere,
                    engine: engine
                ) { hasStarted.withLock { $0 = true } }
            }
            while !hasStarted.withLock({ $0 }) || (waitsForData && sink.bytes.count < 100_000) {
                try await Task.sleep(for: .milliseconds(5))
            }
            task.cancel()
            if case .failure(let error) = try await task.value {
                #expect(error.code == .cancelled)
            } else {
                Issue.record("it went on")
            }
        }
        try await swarm.shutdown()
    }

    @Test("A torrent that nobody may send is refused")
    func refused() async throws {
        let scratch = try Scratch()
        let swarm = try await Swarm.seed(scratch.file("in.bin", bytes: 1000))
        let result = try await streamed(
            swarm, swarm.magnet, into: scratch, to: CollectingSink(), members: [])
        if case .failure(let error) = result {
            #expect(error.code == .noPeer)
        } else {
            Issue.record("it was streamed")
        }
        try await swarm.shutdown()
    }
}

/// Keeps what it gets, and ends as the test says.
final class CollectingSink: ContentSink {
    private let state = Locked<(announced: [UInt64?], bytes: [UInt8])>(([], []))
    private let enoughAt, failsAt, blocksAt: Int?

    init(enoughAt: Int? = nil, failsAt: Int? = nil, blocksAt: Int? = nil) {
        (self.enoughAt, self.failsAt, self.blocksAt) = (enoughAt, failsAt, blocksAt)
    }

    var bytes: [UInt8] { state.withLock { $0.bytes } }
    var announced: [UInt64?] { state.withLock { $0.announced } }

    func begin(totalBytes: UInt64?) async throws(BackendError) {
        state.withLock { $0.announced.append(totalBytes) }
    }

    func write(_ bytes: [UInt8]) async throws(BackendError) -> ContentDemand {
        let count = state.withLock { state in
            state.bytes += bytes
            return state.bytes.count
        }
        if let failsAt, count >= failsAt { throw BackendError(.storage, "keep", reason: "full") }
        if let blocksAt, count >= blocksAt { try? await Task.sleep(for: .seconds(60)) }
        if let enoughAt, count >= enoughAt { return .enough }
        return .more
    }
}

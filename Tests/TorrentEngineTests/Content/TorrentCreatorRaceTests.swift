import Foundation
import Testing
import TorrentEngine

/// What happens while a torrent is made.
@Suite struct TorrentCreatorRaceTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    /// A file that takes a while to hash at the pace below.
    private func makeSlowFile(_ relative: String) throws {
        try folder.write(relative, [UInt8](repeating: 7, count: 2 << 20))
    }

    private let slow = TorrentCreator(pace: HashPace(bytesPerSecond: 1 << 20))

    @Test func aChangedFileIsNamed() async throws {
        try makeSlowFile("T/large")
        let path = folder.full("T/large")
        // Touched again and again from a thread: a task for it may not get its turn while other tests run.
        let isOver = Locked(false)
        Thread.detachNewThread {
            while !isOver.withLock({ $0 }) {
                utimes(path, nil)
                usleep(20_000)
            }
        }
        let error = await #expect(throws: EngineError.self) {
            try await slow.create(of: folder.full("T"))
        }
        isOver.withLock { $0 = true }
        #expect(error?.code == .contentChanged && error?.path == path)
    }

    @Test func cancellationStopsIt() async throws {
        try makeSlowFile("T")
        let path = folder.full("T")
        // It would take two minutes: the cancellation comes in time, however busy the machine is.
        let slower = TorrentCreator(pace: HashPace(bytesPerSecond: 1 << 14))
        let task = Task { try await slower.create(of: path) }
        try await Task.sleep(for: .milliseconds(50))
        task.cancel()
        let error = await #expect(throws: EngineError.self) { try await task.value }
        #expect(error?.code == .cancelled)
    }

    @Test func cancelledBeforeItBegins() async throws {
        try makeSlowFile("T")
        let path = folder.full("T")
        let task = Task { [slow] in
            while !Task.isCancelled { await Task.yield() }
            return try await slow.create(of: path)
        }
        task.cancel()
        let error = await #expect(throws: EngineError.self) { try await task.value }
        #expect(error?.code == .cancelled)
    }

    @Test func progressReachesTheEnd() async throws {
        // All of it is a hole.
        try folder.write("T", [])
        try #require(truncate(folder.full("T"), 1 << 30) == 0)
        let seen = Recorder()
        _ = try await TorrentCreator().create(of: folder.full("T")) { seen.add($0.doneBytes) }
        #expect(seen.values.last == 1 << 30)
        #expect(seen.values == seen.values.sorted())
    }

    @Test func twoThousandFiles() async throws {
        for index in 0..<2000 {
            try folder.write("T/d\(index % 50)/f\(index)", noise(100, seed: UInt64(index + 1)))
        }
        let created = try await TorrentCreator().create(of: folder.full("T"))
        #expect(created.metainfo.files.count == 2000 && created.metainfo.pieceCount == 13)
        let found = try await PieceVerifier(threads: 2).verify(created.metainfo, in: folder.path)
        #expect(found.verifiedPieceCount == 13 && found.badFiles.isEmpty)
    }
}

private final class Recorder: @unchecked Sendable {
    // @unchecked: `stored` is touched only under `lock`.
    private let lock = NSLock()
    private var stored: [UInt64] = []

    func add(_ value: UInt64) { lock.withLock { stored.append(value) } }
    var values: [UInt64] { lock.withLock { stored } }
}

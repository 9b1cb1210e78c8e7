public import NodeInterface
public import NodeSupport
import TorrentEngine

/// A clock that stands still until a test moves it, and a wall clock that goes with it.
public final class TestClock: Clock, Sendable {
    /// A moment of the clock: how long after its beginning.
    public struct Instant: InstantProtocol {
        let offset: Duration

        /// The moment a while later.
        public func advanced(by duration: Duration) -> Instant { Instant(offset: offset + duration) }
        /// From this moment to another.
        public func duration(to other: Instant) -> Duration { other.offset - offset }
        /// The later moment is the greater one.
        public static func < (left: Instant, right: Instant) -> Bool { left.offset < right.offset }
    }

    private struct Sleeper {
        let deadline: Instant
        let continuation: CheckedContinuation<Void, any Error>
    }

    private struct State {
        var now = Instant(offset: .zero)
        var lastID = 0
        var sleepers: [Int: Sleeper] = [:]
        var cancelled: Set<Int> = []
        var watchers: [(count: Int, continuation: CheckedContinuation<Void, Never>)] = []
    }

    private let state = Locked(State())
    private let startedAt: UnixTime

    /// Makes a clock that stands at its beginning.
    ///
    /// - Parameter startingAt: What the wall clock shows then; else 2026-01-01.
    public init(startingAt: UnixTime = UnixTime(milliseconds: 1_767_225_600_000)) { startedAt = startingAt }

    /// The present moment.
    public var now: Instant { state.withLock { $0.now } }

    /// Any step is possible.
    public var minimumResolution: Duration { .zero }

    /// What the wall clock shows.
    public var wallTime: UnixTime { startedAt.advanced(by: now.offset) }

    /// Both clocks as the package's types take them.
    public var nodeClock: NodeClock { NodeClock(self) { self.wallTime } }

    /// How many tasks sleep.
    public var sleeperCount: Int { state.withLock { $0.sleepers.count } }

    /// Sleeps until the clock has been moved that far; throws `CancellationError` where the task is cancelled.
    public func sleep(until deadline: Instant, tolerance: Duration? = nil) async throws {
        let id = state.withLock { state in
            state.lastID += 1
            return state.lastID
        }
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                let (outcome, watchers) = state.withLock {
                    state -> (Result<Void, any Error>?, [CheckedContinuation<Void, Never>]) in
                    if state.cancelled.remove(id) != nil { return (.failure(CancellationError()), []) }
                    if deadline <= state.now { return (.success(()), []) }
                    state.sleepers[id] = Sleeper(deadline: deadline, continuation: continuation)
                    let count = state.sleepers.count
                    let woken = state.watchers.filter { $0.count <= count }.map(\.continuation)
                    state.watchers.removeAll { $0.count <= count }
                    return (nil, woken)
                }
                if let outcome { continuation.resume(with: outcome) }
                for watcher in watchers { watcher.resume() }
            }
        } onCancel: {
            let sleeper = state.withLock { state in
                let sleeper = state.sleepers.removeValue(forKey: id)
                if sleeper == nil { state.cancelled.insert(id) }
                return sleeper
            }
            sleeper?.continuation.resume(throwing: CancellationError())
        }
        _ = state.withLock { $0.cancelled.remove(id) }
    }

    /// Moves the clock forward, and wakes whoever has slept long enough, in the order of their deadlines.
    public func advance(by duration: Duration) {
        let woken = state.withLock { state in
            state.now = state.now.advanced(by: duration)
            let due = state.sleepers.filter { $0.value.deadline <= state.now }
            for id in due.keys { state.sleepers[id] = nil }
            return due.values.sorted { $0.deadline < $1.deadline }.map(\.continuation)
        }
        for continuation in woken { continuation.resume() }
    }

    /// Waits until at least so many tasks sleep: then moving the clock wakes them.
    public func waitForSleepers(_ count: Int = 1) async {
        await withCheckedContinuation { continuation in
            let isThere = state.withLock { state in
                guard state.sleepers.count < count else { return true }
                state.watchers.append((count, continuation))
                return false
            }
            if isThere { continuation.resume() }
        }
    }
}

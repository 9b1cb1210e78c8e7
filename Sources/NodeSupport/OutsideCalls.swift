package import NodeInterface
import Synchronization

/// Calls of code that is not ours: a node's channels, stores and policies, of which nobody can promise that they end.
///
/// A call is waited for until it ends, its time runs out, or the task that asks is cancelled. Then it is cancelled and
/// left to itself: its answer is ignored, and nothing of it stays but its own task. While too many are left so, no
/// other is begun.
package final class OutsideCalls: Sendable {
    /// What became of a call.
    package enum Outcome<Value: Sendable>: Sendable {
        /// It ended.
        case value(Value)
        /// It was left to itself: its time ran out.
        case timedOut
        /// It was left to itself, or not begun: the task that asks was cancelled.
        case cancelled
        /// It was not begun: too many are left to themselves already.
        case tooMany
    }

    private enum Event<Value: Sendable>: Sendable {
        case ended(Value)
        case timeIsUp
        case cancelled
        case windDownIsOver
    }

    /// Whether a call has ended or was left to itself, whichever came first.
    private final class Fate: Sendable {
        private let isSealed = Atomic<Bool>(false)
        func seal() -> Bool { !isSealed.exchange(true, ordering: .acquiringAndReleasing) }
    }

    private let clock: NodeClock
    private let mostAbandoned: Int
    private let abandoned = Atomic<UInt64>(0)
    private let running = Atomic<Int>(0)

    /// Makes a set of calls.
    ///
    /// - Parameter mostAbandoned: How many calls that were left to themselves may run at once.
    package init(clock: NodeClock, mostAbandoned: Int = 64) {
        self.clock = clock
        self.mostAbandoned = mostAbandoned
    }

    /// How many calls were left to themselves so far.
    package var abandonedCount: UInt64 { abandoned.load(ordering: .relaxed) }

    /// How many of those have not ended.
    package var runningCount: Int { running.load(ordering: .relaxed) }

    /// Makes a call.
    ///
    /// - Parameters:
    ///   - limit: How long it is waited for; nil: until the task is cancelled.
    ///   - windDown: How long it is waited for once it was cancelled, for what has something to put in order.
    ///   - late: Takes the value of a call that was left to itself.
    package func call<Value: Sendable>(
        within limit: Duration? = nil, windDown: Duration = .zero,
        late: (@Sendable (Value) async -> Void)? = nil, _ body: @escaping @Sendable () async -> Value
    ) async -> Outcome<Value> {
        guard !Task.isCancelled else { return .cancelled }
        guard runningCount < mostAbandoned else { return .tooMany }
        let (events, told) = AsyncStream.makeStream(of: Event<Value>.self)
        let fate = Fate()
        let work = Task {
            let value = await body()
            guard !fate.seal() else { return _ = told.yield(.ended(value)) }
            running.subtract(1, ordering: .relaxed)
            await late?(value)
        }
        // A task of its own: what the call ended with is taken even where the asking task is cancelled meanwhile.
        let judge = Task { () async -> Outcome<Value> in
            var timer = limit.map { after($0, .timeIsUp, told) }
            defer { timer?.cancel() }
            var outcome: Outcome<Value>?
            for await event in events {
                switch event {
                case .ended(let value): return .value(value)
                case .windDownIsOver: if let outcome, abandon(fate) { return outcome }
                case .timeIsUp, .cancelled:
                    guard outcome == nil else { continue }
                    outcome = if case .cancelled = event { .cancelled } else { .timedOut }
                    work.cancel()
                    timer?.cancel()
                    if windDown > .zero {
                        timer = after(windDown, .windDownIsOver, told)
                    } else if let outcome, abandon(fate) {
                        return outcome
                    }
                }
            }
            return .cancelled
        }
        return await withTaskCancellationHandler {
            await judge.value
        } onCancel: {
            told.yield(.cancelled)
        }
    }

    /// The same for a call that may fail: what the caller is told of one that was left to itself is an error too.
    package func call<Value: Sendable>(
        _ operation: String, within limit: Duration? = nil, windDown: Duration = .zero,
        late: (@Sendable (Value) async -> Void)? = nil,
        _ body: @escaping @Sendable () async throws(BackendError) -> Value
    ) async throws(BackendError) -> Value {
        let outcome = await call(
            within: limit, windDown: windDown,
            late: { (result: Result<Value, BackendError>) in
                if case .success(let value) = result { await late?(value) }
            },
            { () async -> Result<Value, BackendError> in
                do throws(BackendError) { return .success(try await body()) } catch { return .failure(error) }
            })
        switch outcome {
        case .value(let result): return try result.get()
        case .cancelled: throw BackendError(.cancelled, operation, reason: "the task was cancelled")
        case .timedOut:
            throw BackendError(
                .timedOut, operation, reason: "it did not end within \(limit ?? .zero)")
        case .tooMany:
            throw BackendError(
                .limitExceeded, operation,
                reason: "\(mostAbandoned) calls of the node's own code were cancelled and do not end")
        }
    }

    /// Leaves a call to itself, unless it has ended. Counted first: it may end at once.
    private func abandon(_ fate: Fate) -> Bool {
        running.add(1, ordering: .relaxed)
        guard fate.seal() else {
            running.subtract(1, ordering: .relaxed)
            return false
        }
        abandoned.add(1, ordering: .relaxed)
        return true
    }

    private func after<Value: Sendable>(
        _ duration: Duration, _ event: Event<Value>, _ events: AsyncStream<Event<Value>>.Continuation
    ) -> Task<Void, Never> {
        Task { [clock] in
            guard (try? await clock.sleep(for: duration)) != nil else { return }
            events.yield(event)
        }
    }
}

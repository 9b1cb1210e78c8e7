/// The events of an engine, for one subscriber: a bounded buffer of its own.
///
/// A subscriber that is too slow loses events, never silently: the next element is then a
/// ``EngineEvent/Kind/gap(_:)`` that says how many. Ends when the engine shuts down. For one consumer.
public struct EngineEvents: AsyncSequence, Sendable {
    /// The element.
    public typealias Element = EngineEvent
    let stream: AsyncStream<EngineEvent>

    /// Iterates; cancelling the task ends the iteration.
    public func makeAsyncIterator() -> AsyncStream<EngineEvent>.Iterator { stream.makeAsyncIterator() }
}

/// Hands each event to every subscriber. Safe from any thread.
package final class EventHub<Event: Sendable>: Sendable {
    /// What stands for so many events that a subscriber missed, before the next one that it gets.
    package typealias Gap = @Sendable (_ missed: UInt64, _ next: Event) -> Event

    private struct Subscriber {
        let continuation: AsyncStream<Event>.Continuation
        var missed: UInt64 = 0

        /// False where it was missed.
        mutating func send(_ event: Event, gap: Gap?) -> Bool {
            if missed > 0, let gap {
                guard case .enqueued = continuation.yield(gap(missed, event)) else {
                    missed += 1
                    return false
                }
                missed = 0
            }
            guard case .dropped = continuation.yield(event) else { return true }
            missed += 1
            return false
        }
    }

    private struct State {
        var subscribers: [UInt64: Subscriber] = [:]
        var nextID: UInt64 = 0
        var isFinished = false
        var missed: UInt64 = 0
    }

    private let state = Locked(State())
    private let gap: Gap?
    private let tap: (@Sendable (Event) -> Void)?

    /// - Parameter tap: Called with each event, before anybody has it.
    package init(gap: Gap? = nil, tap: (@Sendable (Event) -> Void)? = nil) {
        self.gap = gap
        self.tap = tap
    }

    /// How many events subscribers missed, in all.
    package var missed: UInt64 { state.withLock { $0.missed } }

    package func subscribe(buffering limit: Int) -> AsyncStream<Event> {
        let (stream, continuation) = AsyncStream.makeStream(
            of: Event.self, bufferingPolicy: .bufferingOldest(Swift.max(1, limit)))
        let id: UInt64? = state.withLock { state in
            guard !state.isFinished else { return nil }
            state.nextID += 1
            state.subscribers[state.nextID] = Subscriber(continuation: continuation)
            return state.nextID
        }
        guard let id else {
            continuation.finish()
            return stream
        }
        continuation.onTermination = { [weak self] _ in
            // Not at once: the stream may be ending under our own lock.
            Task { self?.state.withLock { $0.subscribers[id] = nil } }
        }
        return stream
    }

    package func send(_ event: Event) {
        tap?(event)
        state.withLock { state in
            for id in state.subscribers.keys where state.subscribers[id]?.send(event, gap: gap) == false {
                state.missed += 1
            }
        }
    }

    package func finish() {
        let subscribers = state.withLock { state in
            state.isFinished = true
            defer { state.subscribers.removeAll() }
            return Array(state.subscribers.values)
        }
        for subscriber in subscribers { subscriber.continuation.finish() }
    }
}

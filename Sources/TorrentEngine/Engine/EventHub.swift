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
final class EventHub: Sendable {
    private struct Subscriber {
        let continuation: AsyncStream<EngineEvent>.Continuation
        var missed: UInt64 = 0

        mutating func send(_ event: EngineEvent) {
            if missed > 0 {
                let gap = EngineEvent(sequence: event.sequence, torrent: nil, kind: .gap(missed))
                guard case .enqueued = continuation.yield(gap) else {
                    missed += 1
                    return
                }
                missed = 0
            }
            if case .dropped = continuation.yield(event) { missed = 1 }
        }
    }

    private struct State {
        var subscribers: [UInt64: Subscriber] = [:]
        var nextID: UInt64 = 0
        var isFinished = false
    }

    private let state = Locked(State())

    func subscribe(buffering limit: Int) -> EngineEvents {
        let (stream, continuation) = AsyncStream.makeStream(
            of: EngineEvent.self, bufferingPolicy: .bufferingOldest(Swift.max(1, limit)))
        let id: UInt64? = state.withLock { state in
            guard !state.isFinished else { return nil }
            state.nextID += 1
            state.subscribers[state.nextID] = Subscriber(continuation: continuation)
            return state.nextID
        }
        guard let id else {
            continuation.finish()
            return EngineEvents(stream: stream)
        }
        continuation.onTermination = { [weak self] _ in
            // Not at once: the stream may be ending under our own lock.
            Task { self?.state.withLock { $0.subscribers[id] = nil } }
        }
        return EngineEvents(stream: stream)
    }

    func send(_ event: EngineEvent) {
        state.withLock { state in
            for id in state.subscribers.keys { state.subscribers[id]?.send(event) }
        }
    }

    func finish() {
        let subscribers = state.withLock { state in
            state.isFinished = true
            defer { state.subscribers.removeAll() }
            return Array(state.subscribers.values)
        }
        for subscriber in subscribers { subscriber.continuation.finish() }
    }
}

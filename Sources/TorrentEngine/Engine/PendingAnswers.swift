/// Questions that an event will answer: each is resumed exactly once, by its answer, its time limit, its
/// cancellation or the engine's end. Safe from any thread.
final class PendingAnswers<Answer: Sendable>: Sendable {
    typealias Outcome = Result<Answer, EngineError>

    private enum Entry {
        /// Asked, and nobody waits yet.
        case open
        /// Answered before anybody waited.
        case answered(Outcome)
        case waiting(CheckedContinuation<Outcome, Never>)
    }

    private let entries = Locked<[UInt64: Entry]>([:])

    /// Call before the question is asked: an answer may come at once.
    func open(_ id: UInt64) { entries.withLock { $0[id] = .open } }

    /// Forgets a question that could not be asked.
    func close(_ id: UInt64) { entries.withLock { $0[id] = nil } }

    /// Waits for the answer to an open question. Once per question.
    func outcome(_ id: UInt64) async -> Outcome {
        await withCheckedContinuation { continuation in
            let early: Outcome? = entries.withLock { entries in
                if case .answered(let outcome) = entries[id] {
                    entries[id] = nil
                    return outcome
                }
                entries[id] = .waiting(continuation)
                return nil
            }
            if let early { continuation.resume(returning: early) }
        }
    }

    /// Only the first outcome of a question counts.
    func resolve(_ id: UInt64, _ outcome: Outcome) {
        let continuation: CheckedContinuation<Outcome, Never>? = entries.withLock { entries in
            switch entries[id] {
            case .open:
                entries[id] = .answered(outcome)
                return nil
            case .waiting(let continuation):
                entries[id] = nil
                return continuation
            case .answered, nil:
                return nil
            }
        }
        continuation?.resume(returning: outcome)
    }

    /// How many questions are open or wait for somebody to take their answer.
    var count: Int { entries.withLock { $0.count } }

    func failAll(_ error: EngineError) {
        for id in entries.withLock({ Array($0.keys) }) { resolve(id, .failure(error)) }
    }
}

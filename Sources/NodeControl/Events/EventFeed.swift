import NodeInterface
import NodeSupport
import PrivateTorrent
import TorrentEngine

/// The events of a node, numbered, the last ones kept, for any number of subscribers.
final class EventFeed: Sendable {
    /// What a subscriber hears.
    enum Item: Sendable {
        case batch(Batch)
        case heartbeat
        /// It was too slow: the numbers of what comes next say for how many events.
        case tooSlow
    }

    /// Events that are sent together, put into words once for everybody.
    struct Batch: Sendable {
        let text: String
        /// Those of the events that have one.
        let numbers: ClosedRange<UInt64>?
    }

    struct Entry: Sendable {
        /// Counts up by one; nil for what is not kept.
        let number: UInt64?
        let event: NodeEvent
    }

    private struct State {
        var last: UInt64 = 0
        var kept: [Entry] = []
        /// What is not sent yet.
        var waiting: [Entry] = []
        var isSendingSoon = false
        var lastSent: ContinuousClock.Instant?
        /// Events that subscribers were too slow for.
        var missed: UInt64 = 0
        var subscribers = 0
        /// What last went wrong with a torrent, and what said so.
        var errors: [InfoHash: (error: EngineError, type: NodeEvent.Kind)] = [:]
    }

    /// Tells the numbers of this run from those of another.
    let run = String(UInt64.random(in: .min ... .max), radix: 36)
    let limits: ControlLimits
    private let state = Locked(State())
    private let hub: EventHub<Item>
    private let following: Locked<[Task<Void, Never>]> = Locked([])

    init(_ store: TorrentStore, limits: ControlLimits) {
        self.limits = limits
        hub = EventHub { _, _ in .tooSlow }
        let (engineEvents, storeEvents) = (store.engine.events(), store.events())
        let heartbeat = limits.heartbeat
        let tasks = [
            Task { [weak self] in
                var translator = EventTranslator(store.engine)
                for await event in engineEvents {
                    guard let event = await translator.translate(event) else { continue }
                    self?.take(event)
                }
            },
            Task { [weak self] in
                for await event in storeEvents {
                    if case .saved(let infoHash, _) = event { self?.noteSaved(infoHash) }
                    guard let event = EventTranslator.translate(event) else { continue }
                    self?.take(event)
                }
            },
            Task { [weak self] in
                while (try? await Task.sleep(for: heartbeat)) != nil { self?.hub.send(.heartbeat) }
            },
        ]
        following.withLock { $0 = tasks }
    }

    deinit { finish() }

    /// Ends every subscription.
    func finish() {
        for task in following.withLock({ $0 }) { task.cancel() }
        hub.finish()
    }

    /// Subscriptions that somebody holds.
    var subscriberCount: Int { state.withLock { $0.subscribers } }

    /// Events that subscribers were too slow for, in all.
    var missed: UInt64 { state.withLock { $0.missed } }

    /// What last went wrong with a torrent; nil where it went well since.
    func lastError(of infoHash: InfoHash) -> EngineError? { state.withLock { $0.errors[infoHash]?.error } }

    /// It was saved: that it could not be is over.
    func noteSaved(_ infoHash: InfoHash) {
        state.withLock { if $0.errors[infoHash]?.type == .saveFailed { $0.errors[infoHash] = nil } }
    }

    /// The torrent is gone for good.
    func forget(_ infoHash: InfoHash) { state.withLock { $0.errors[infoHash] = nil } }

    /// Events from now on, or from behind the one with that ID.
    ///
    /// - Throws: ``Problem`` where there are as many subscribers as may be.
    func subscribe(after id: String?) throws(Problem) -> EventSubscription {
        let (limits, run) = (limits, run)
        let opened = state.withLock { state -> (backlog: [Entry], last: UInt64, live: AsyncStream<Item>)? in
            guard state.subscribers < limits.subscribers else { return nil }
            // To those who are there: the new one has it in its backlog, or does not want it.
            sendWaiting(&state)
            state.subscribers += 1
            let backlog = id.map { Self.backlog(after: $0, run: run, state) } ?? []
            return (backlog, state.last, hub.subscribe(buffering: limits.waitingBatches))
        }
        guard let opened else {
            throw Problem(
                503, "tooMany", "\(limits.subscribers) event streams are open, and no more can be",
                remedy: "close some")
        }
        return EventSubscription(
            run: run, backlog: opened.backlog, last: opened.last, live: opened.live,
            missed: { [weak self] missed in self?.state.withLock { $0.missed += missed } },
            end: { [weak self] in self?.state.withLock { $0.subscribers -= 1 } })
    }

    /// The events that are kept, or of them those behind the one with that ID; ends after the last.
    func kept(after id: String?) -> EventSubscription {
        let run = run
        let backlog = state.withLock { state in
            id.map { Self.backlog(after: $0, run: run, state) } ?? state.kept
        }
        return EventSubscription(
            run: run, backlog: backlog, last: 0, live: AsyncStream { $0.finish() }, missed: { _ in }, end: {})
    }

    private static func backlog(after id: String, run: String, _ state: State) -> [Entry] {
        let parts = id.split(separator: "-", maxSplits: 1)
        guard parts.count == 2, parts[0] == run, let number = UInt64(parts[1]), number <= state.last else {
            // Of another run, or nobody's: how much was missed is not known.
            return [Entry(number: nil, event: NodeEvent(.gap, time: NodeClock.system.now))]
        }
        let later = state.kept.drop { ($0.number ?? 0) <= number }
        let oldest = later.first?.number ?? state.last + 1
        guard oldest > number + 1 else { return Array(later) }
        var gap = NodeEvent(.gap, time: NodeClock.system.now)
        gap.missed = oldest - number - 1
        return [Entry(number: nil, event: gap)] + later
    }

    func take(_ found: EventTranslator.Found) {
        let kept = limits.keptEvents
        state.withLock { state in
            if let infoHash = found.event.infoHash {
                if let error = found.error {
                    state.errors[infoHash] = (error, found.event.type)
                } else if found.endsError {
                    state.errors[infoHash] = nil
                }
            }
            let isKept = found.event.type != .progress
            if isKept { state.last += 1 }
            let entry = Entry(number: isKept ? state.last : nil, event: found.event)
            if isKept {
                state.kept.append(entry)
                // Not one by one: that would move all of them each time.
                if state.kept.count >= 2 * kept { state.kept.removeFirst(state.kept.count - kept) }
            }
            guard state.subscribers > 0 else { return }
            state.waiting.append(entry)
            send(&state)
        }
    }

    /// At once after a while without events; else what comes within a moment goes together, or a hundred subscribers and a
    /// hundred events a second would be ten thousand writes.
    private func send(_ state: inout State) {
        guard let last = state.lastSent, ContinuousClock.now - last < limits.batchTime else {
            return sendWaiting(&state)
        }
        guard !state.isSendingSoon else { return }
        state.isSendingSoon = true
        let due = last + limits.batchTime
        Task { [weak self] in
            try? await Task.sleep(until: due, clock: .continuous)
            guard let self else { return }
            self.state.withLock { state in
                state.isSendingSoon = false
                self.sendWaiting(&state)
            }
        }
    }

    private func sendWaiting(_ state: inout State) {
        let entries = state.waiting
        guard !entries.isEmpty else { return }
        state.waiting = []
        state.lastSent = .now
        let numbers = entries.compactMap(\.number)
        hub.send(
            .batch(
                Batch(
                    text: entries.map { $0.text(run: run) }.joined(),
                    numbers: numbers.first.map { $0...(numbers.last ?? $0) })))
    }
}

/// One client's share in a feed. Ends when nobody holds it.
final class EventSubscription: Sendable {
    private let run: String
    private let backlog: [EventFeed.Entry]
    /// The number of the last event before what is live.
    private let last: UInt64
    private let live: AsyncStream<EventFeed.Item>
    private let missed: @Sendable (UInt64) -> Void
    private let end: @Sendable () -> Void

    init(
        run: String, backlog: [EventFeed.Entry], last: UInt64, live: AsyncStream<EventFeed.Item>,
        missed: @escaping @Sendable (UInt64) -> Void, end: @escaping @Sendable () -> Void
    ) {
        (self.run, self.backlog, self.last, self.live) = (run, backlog, last, live)
        (self.missed, self.end) = (missed, end)
    }

    deinit { end() }

    /// Hands over the text of server-sent events (WHATWG HTML §9.2), piece by piece, until the feed ends, the task is
    /// cancelled, or `write` throws.
    func write(_ write: (String) async throws -> Void) async throws {
        // At once, so that the client knows that from here on nothing is missed.
        try await write("retry: 1000\n\n")
        for entry in backlog { try await write(entry.text(run: run)) }
        var last = last
        for await item in live {
            switch item {
            case .batch(let batch):
                if let numbers = batch.numbers {
                    try await writeGap(numbers.lowerBound - last - 1, write)
                    last = numbers.upperBound
                }
                try await write(batch.text)
            case .heartbeat: try await write(": \n\n")
            case .tooSlow: break
            }
        }
    }

    private func writeGap(_ count: UInt64, _ write: (String) async throws -> Void) async throws {
        guard count > 0 else { return }
        missed(count)
        var gap = NodeEvent(.gap, time: NodeClock.system.now)
        gap.missed = count
        try await write(EventFeed.Entry(number: nil, event: gap).text(run: run))
    }
}

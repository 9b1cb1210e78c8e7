import NodeInterface
import NodeSupport
import PrivateTorrent
import TorrentEngine

/// The events of a node, numbered, the last ones kept, for any number of subscribers.
final class EventFeed: Sendable {
    /// An event, or a sign of life.
    enum Item: Sendable {
        case event(Entry)
        case heartbeat
    }

    struct Entry: Sendable {
        /// Counts up by one; nil for what is not kept.
        let number: UInt64?
        let event: NodeEvent
    }

    private struct State {
        var last: UInt64 = 0
        var kept: [Entry] = []
        var subscribers = 0
        /// What last went wrong with a torrent.
        var errors: [InfoHash: EngineError] = [:]
    }

    /// Tells the numbers of this run from those of another.
    let run = String(UInt64.random(in: .min ... .max), radix: 36)
    let limits: ControlLimits
    private let state = Locked(State())
    private let hub: EventHub<Item>
    private let following: Locked<[Task<Void, Never>]> = Locked([])

    init(_ store: TorrentStore, limits: ControlLimits) {
        self.limits = limits
        hub = EventHub { missed, _ in
            var gap = NodeEvent(.gap, time: NodeClock.system.now)
            gap.missed = missed
            return .event(Entry(number: nil, event: gap))
        }
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
    var missed: UInt64 { hub.missed }

    /// What last went wrong with a torrent; nil where it went well since.
    func lastError(of infoHash: InfoHash) -> EngineError? { state.withLock { $0.errors[infoHash] } }

    /// The torrent is gone for good.
    func forget(_ infoHash: InfoHash) { state.withLock { $0.errors[infoHash] = nil } }

    /// Events from now on, or from behind the one with that ID.
    ///
    /// - Throws: ``Problem`` where there are as many subscribers as may be.
    func subscribe(after id: String?) throws(Problem) -> EventSubscription {
        let (limits, run) = (limits, run)
        let opened = state.withLock { state -> (backlog: [Entry], live: AsyncStream<Item>)? in
            guard state.subscribers < limits.subscribers else { return nil }
            state.subscribers += 1
            let backlog = id.map { Self.backlog(after: $0, run: run, state) } ?? []
            return (backlog, hub.subscribe(buffering: limits.waitingEvents))
        }
        guard let opened else {
            throw Problem(
                503, "tooMany", "\(limits.subscribers) event streams are open, and no more can be",
                remedy: "close some")
        }
        return EventSubscription(run: run, backlog: opened.backlog, live: opened.live) { [weak self] in
            self?.state.withLock { $0.subscribers -= 1 }
        }
    }

    /// The events that are kept, or of them those behind the one with that ID; ends after the last.
    func kept(after id: String?) -> EventSubscription {
        let run = run
        let backlog = state.withLock { state in
            id.map { Self.backlog(after: $0, run: run, state) } ?? state.kept
        }
        return EventSubscription(run: run, backlog: backlog, live: AsyncStream { $0.finish() }) {}
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
                    state.errors[infoHash] = error
                } else if found.endsError {
                    state.errors[infoHash] = nil
                }
            }
            guard found.event.type != .progress else {
                hub.send(.event(Entry(number: nil, event: found.event)))
                return
            }
            state.last += 1
            let entry = Entry(number: state.last, event: found.event)
            state.kept.append(entry)
            // Not one by one: that would move all of them each time.
            if state.kept.count >= 2 * kept { state.kept.removeFirst(state.kept.count - kept) }
            hub.send(.event(entry))
        }
    }
}

/// One client's share in a feed. Ends when nobody holds it.
final class EventSubscription: Sendable {
    private let run: String
    private let backlog: [EventFeed.Entry]
    private let live: AsyncStream<EventFeed.Item>
    private let end: @Sendable () -> Void

    init(
        run: String, backlog: [EventFeed.Entry], live: AsyncStream<EventFeed.Item>,
        end: @escaping @Sendable () -> Void
    ) {
        (self.run, self.backlog, self.live, self.end) = (run, backlog, live, end)
    }

    deinit { end() }

    /// Hands over the text of server-sent events (WHATWG HTML §9.2), piece by piece, until the feed ends, the task is
    /// cancelled, or `write` throws.
    func write(_ write: (String) async throws -> Void) async throws {
        // At once, so that the client knows that from here on nothing is missed.
        try await write("retry: 1000\n\n")
        for entry in backlog { try await write(entry.text(run: run)) }
        for await item in live {
            switch item {
            case .event(let entry): try await write(entry.text(run: run))
            case .heartbeat: try await write(": \n\n")
            }
        }
    }
}

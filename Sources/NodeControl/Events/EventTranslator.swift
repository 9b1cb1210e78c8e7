import NodeInterface
import NodeSupport
import PrivateTorrent
import TorrentEngine

/// Makes the API's events out of those of the engine and the store.
struct EventTranslator {
    /// An event, and what it says of the torrent's last error.
    struct Found {
        var event: NodeEvent
        var error: EngineError?
        /// Whether what went wrong before is over.
        var endsError = false
    }

    private let engine: Engine
    private var infoHashes: [Torrent.ID: InfoHash] = [:]
    private var lastProgress: [Torrent.ID: ContinuousClock.Instant] = [:]

    init(_ engine: Engine) { self.engine = engine }

    /// Nil for what the API does not tell.
    mutating func translate(_ event: EngineEvent) async -> Found? {
        if case .progress = event.kind, let id = event.torrent, !isDue(id) { return nil }
        let infoHash = await infoHash(event.torrent)
        defer { if case .removed = event.kind, let id = event.torrent { forget(id) } }
        return Self.translate(event.kind, infoHash)
    }

    /// Whether the last progress of the torrent was told a second ago or more.
    private mutating func isDue(_ id: Torrent.ID) -> Bool {
        let now = ContinuousClock.now
        if let last = lastProgress[id], now - last < .seconds(1) { return false }
        lastProgress[id] = now
        return true
    }

    private mutating func infoHash(_ id: Torrent.ID?) async -> InfoHash? {
        guard let id else { return nil }
        if let known = infoHashes[id] { return known }
        let found = await engine.infoHash(of: id)
        infoHashes[id] = found
        return found
    }

    private mutating func forget(_ id: Torrent.ID) {
        infoHashes[id] = nil
        lastProgress[id] = nil
    }

    private static func translate(_ kind: EngineEvent.Kind, _ infoHash: InfoHash?) -> Found? {
        func made(_ type: NodeEvent.Kind, _ fill: (inout NodeEvent) -> Void = { _ in }) -> Found {
            var event = NodeEvent(type, infoHash, time: NodeClock.system.now)
            fill(&event)
            return Found(event: event)
        }
        func failed(_ type: NodeEvent.Kind, _ error: EngineError) -> Found {
            var found = made(type) { $0.error = ErrorReport(error) }
            found.error = error
            return found
        }
        switch kind {
        case .state(let state):
            var found = made(.state) { $0.state = state.rawValue }
            found.endsError = state != .failed && state != .unknown
            return found
        case .metadataReceived: return made(.metadata)
        case .progress: return made(.progress)
        case .checked(let bytes): return made(.checked) { $0.bytes = bytes }
        case .finished: return made(.finished)
        case .peerConnected(let endpoint, let direction, let member):
            return made(.peerConnected) {
                ($0.endpoint, $0.direction) = (endpoint, direction)
                $0.member = member.map(MemberEntry.init)
            }
        case .peerRefused(let endpoint, let direction, let reason, let tries):
            return made(.peerRefused) {
                ($0.endpoint, $0.direction) = (endpoint, direction)
                ($0.reason, $0.tries) = (reason.rawValue, tries)
            }
        case .peerDisconnected(let endpoint, let direction, let reason, let detail):
            return made(.peerDisconnected) {
                ($0.endpoint, $0.direction) = (endpoint, direction)
                ($0.reason, $0.detail) = (reason.rawValue, detail)
            }
        case .peerBanned(let endpoint): return made(.peerBanned) { $0.endpoint = endpoint }
        case .hashFailed(let piece): return made(.hashFailed) { $0.piece = piece }
        case .storageError(let error): return failed(.storageError, error)
        case .corruptOnDisk(let piece, let paths):
            return made(.corruptOnDisk) { ($0.piece, $0.path) = (piece, paths.first) }
        case .listening(let endpoint): return made(.listening) { $0.endpoint = endpoint }
        case .listenFailed(let error): return failed(.listenFailed, error)
        case .interfaceDown(let name): return made(.interfaceDown) { $0.detail = name }
        case .interfaceUp(let name): return made(.interfaceUp) { $0.detail = name }
        case .removed:
            var found = made(.removed)
            found.endsError = true
            return found
        case .moved(let folder): return made(.moved) { $0.path = folder }
        case .gap(let missed): return made(.gap) { $0.missed = missed }
        case .log, .peerStage: return nil
        }
    }

    static func translate(_ event: StoreEvent) -> Found? {
        let now = NodeClock.system.now
        func failed(_ type: NodeEvent.Kind, _ infoHash: InfoHash, _ error: EngineError) -> Found {
            var event = NodeEvent(type, infoHash, time: now)
            event.error = ErrorReport(error)
            return Found(event: event, error: error)
        }
        switch event {
        case .saved, .notSavedInTime: return nil
        case .saveFailed(let infoHash, let error): return failed(.saveFailed, infoHash, error)
        case .notRestored(let infoHash, let error):
            // Paused or removed by hand: nothing went wrong.
            if error.code == .cancelled || error.code == .torrentNotFound { return nil }
            return failed(.notRestored, infoHash, error)
        case .changed(let infoHash, let change):
            var event = NodeEvent(.changed, infoHash, time: now)
            event.reason = change.rawValue
            return Found(event: event)
        case .retired(let infoHash, let reason):
            var event = NodeEvent(.retired, infoHash, time: now)
            event.reason = reason.rawValue
            return Found(event: event, endsError: true)
        case .problem(let problem):
            var event = NodeEvent(.stateProblem, problem.infoHash, time: now)
            (event.path, event.reason) = (problem.file, problem.reason)
            event.detail = problem.consequence
            return Found(event: event)
        case .restored(let torrent):
            return Found(event: NodeEvent(.restored, torrent.infoHash, time: now), endsError: true)
        }
    }
}

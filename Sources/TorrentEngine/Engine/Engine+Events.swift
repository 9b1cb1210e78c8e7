import CLibtorrent
import Logging

#if canImport(Glibc)
    import Glibc
#endif

extension Engine {
    /// Takes all that waits in the shim, keeps what the actor must remember, and hands each event on.
    func drainEvents() {
        guard let handle = native?.handle else { return }
        var events: UnsafePointer<clt_event>?
        var count = 0
        do throws(EngineError) {
            try nativeCall("drain events") { clt_engine_drain_events(handle, &events, &count, $0) }
        } catch {
            logger.error("\(error)")
            return
        }
        for native in UnsafeBufferPointer(start: events, count: count) {
            // A handler may shut the engine down; the batch is then no longer valid.
            guard self.native != nil else { return }
            take(native)
        }
    }

    private func take(_ native: clt_event) {
        let torrent = native.torrent == 0 ? nil : Torrent.ID(raw: native.torrent)
        if native.request != 0 { answer(native, torrent) }
        if let torrent, let message = message(native, torrent) {
            messageHub.send(message)
            return
        }
        guard let kind = kind(of: native, torrent) else { return }
        metrics.note(kind)
        if let torrent { remember(kind, native, torrent) } else { remember(kind, native) }
        hub.send(EngineEvent(sequence: native.sequence, torrent: torrent, kind: kind))
    }

    private func answer(_ native: clt_event, _ torrent: Torrent.ID?) {
        switch clt_event_kind(rawValue: native.kind) {
        case CLT_EVENT_RESUME_DATA:
            resumeData.resolve(native.request, data(native, "save resume data"))
        case CLT_EVENT_PIECE_DATA:
            if let torrent { records[torrent]?.reads.remove(native.request) }
            pieceData.resolve(native.request, data(native, "read piece \(native.value)"))
        case CLT_EVENT_REMOVED:
            removals.resolve(native.request, .success(leftFiles(native)))
        case CLT_EVENT_MOVED:
            if let torrent { records[torrent]?.moves.remove(native.request) }
            moves.resolve(native.request, moveOutcome(native))
        case CLT_EVENT_RENAMED:
            if let torrent { records[torrent]?.moves.remove(native.request) }
            moves.resolve(native.request, renameOutcome(native))
        default:
            break
        }
    }

    private func data(_ native: clt_event, _ operation: String) -> Result<[UInt8], EngineError> {
        native.system_errno == 0
            ? .success(Array(UnsafeBufferPointer(start: native.data, count: native.data_length)))
            : .failure(storageError(native, operation))
    }

    private func message(_ native: clt_event, _ torrent: Torrent.ID) -> PeerMessage? {
        guard native.kind == CLT_EVENT_MESSAGE.rawValue, let endpoint = PeerEndpoint(native.endpoint) else {
            return nil
        }
        return PeerMessage(
            torrent: torrent, endpoint: endpoint, member: records[torrent]?.membersByRule[native.member_rule],
            peerID: text(native),
            body: Array(UnsafeBufferPointer(start: native.data, count: native.data_length)))
    }

    private func remember(_ kind: EngineEvent.Kind, _ native: clt_event) {
        switch kind {
        case .listening(let endpoint): listeners.stands(endpoint)
        case .listenFailed(let error): listeners.failed(PeerEndpoint(native.endpoint), error)
        case .interfaceDown(let name):
            interfacesDown.insert(name)
            listeners.closed()
            logger.warning("the interface \(name) went away: nothing is sent until it is back")
        case .interfaceUp(let name):
            interfacesDown.remove(name)
            logger.info("the interface \(name) is back")
        case .gap: resynchronise()
        case .log(let level, let text):
            logger.log(level: level >= 4 ? .error : level >= 3 ? .warning : .debug, "\(text)")
        default: break
        }
    }

    private func remember(_ kind: EngineEvent.Kind, _ native: clt_event, _ id: Torrent.ID) {
        note(kind, of: id)
        switch kind {
        case .state(let state):
            records[id]?.state = state
            // It went on by itself.
            if state != .failed { records[id]?.failure = nil }
        case .metadataReceived:
            records[id]?.heldMetadata = Array(
                UnsafeBufferPointer(start: native.data, count: native.data_length))
            reach(.metadata, id)
        case .checked:
            reach(.checked, id)
        case .finished:
            reach(.finished, id)
        case .storageError(let error):
            fail(id, error)
        default:
            break
        }
    }

    /// Events were lost: what somebody waits for may have been among them, so look instead.
    private func resynchronise() {
        for (id, record) in records where !record.waiters.isEmpty {
            guard let status = try? status(of: id) else { continue }
            records[id]?.state = status.state
            if status.state == .downloading || status.state.hasWhatIsWanted { reach(.checked, id) }
            if status.state.hasWhatIsWanted { reach(.finished, id) }
        }
    }

    func reach(_ milestone: TorrentRecord.Milestone, _ id: Torrent.ID) {
        guard var record = records[id] else { return }
        record.reached.insert(milestone)
        for (request, waited) in record.waiters where waited == milestone {
            record.waiters[request] = nil
            milestones.resolve(request, .success(()))
        }
        records[id] = record
    }

    func fail(_ id: Torrent.ID, _ error: EngineError) {
        guard var record = records[id] else { return }
        record.failure = error
        for request in record.waiters.keys { milestones.resolve(request, .failure(error)) }
        record.waiters.removeAll()
        // The shim ends those that it had; one that came after, and before this was known here, waits in vain.
        for request in record.reads { pieceData.resolve(request, .failure(error)) }
        record.reads.removeAll()
        records[id] = record
    }

    private func kind(of native: clt_event, _ torrent: Torrent.ID?) -> EngineEvent.Kind? {
        let endpoint = PeerEndpoint(native.endpoint)
        let direction: PeerDirection = native.direction == CLT_OUTGOING.rawValue ? .outgoing : .incoming
        switch clt_event_kind(rawValue: native.kind) {
        case CLT_EVENT_STATE:
            return .state(TorrentState(native: UInt32(truncatingIfNeeded: native.value)))
        case CLT_EVENT_METADATA_RECEIVED: return .metadataReceived
        case CLT_EVENT_PROGRESS: return .progress
        case CLT_EVENT_CHECKED: return .checked(reusedBytes: native.count)
        case CLT_EVENT_FINISHED: return .finished
        case CLT_EVENT_PEER_CONNECTED:
            let member = torrent.flatMap { records[$0]?.membersByRule[native.member_rule] }
            return endpoint.map { .peerConnected($0, direction: direction, member: member) }
        case CLT_EVENT_PEER_REFUSED:
            let reason = RefusalReason(native: native.value)
            return endpoint.map {
                .peerRefused($0, direction: direction, reason: reason, tries: native.count)
            }
        case CLT_EVENT_PEER_DISCONNECTED:
            let reason = DisconnectReason(native: native.value)
            let detail = text(native)
            return endpoint.map {
                .peerDisconnected($0, direction: direction, reason: reason, detail: detail)
            }
        case CLT_EVENT_PEER_STAGE:
            return PeerStage(native: native.value).flatMap { stage in
                endpoint.map { .peerStage($0, direction: direction, stage) }
            }
        case CLT_EVENT_PEER_BANNED: return endpoint.map { .peerBanned($0) }
        case CLT_EVENT_HASH_FAILED: return .hashFailed(piece: Int(native.value))
        case CLT_EVENT_STORAGE_ERROR:
            return .storageError(storageError(native, "read or write the torrent's files"))
        case CLT_EVENT_CORRUPT:
            let paths = String(
                decoding: UnsafeBufferPointer(start: native.data, count: native.data_length), as: UTF8.self)
            return .corruptOnDisk(
                piece: Int(native.value), paths: paths.split(separator: "\0").map(String.init))
        case CLT_EVENT_LISTENING: return endpoint.map { .listening($0) }
        case CLT_EVENT_LISTEN_FAILED: return .listenFailed(listenError(native))
        case CLT_EVENT_INTERFACE:
            return native.value == 0 ? .interfaceDown(text(native)) : .interfaceUp(text(native))
        case CLT_EVENT_REMOVED: return .removed
        case CLT_EVENT_MOVED:
            guard native.value == 1 else { return nil }
            return .moved(
                folder: String(
                    decoding: UnsafeBufferPointer(start: native.data, count: native.data_length),
                    as: UTF8.self))
        case CLT_EVENT_GAP: return .gap(native.count)
        case CLT_EVENT_LOG: return .log(level: Int(native.value), text(native))
        default: return nil
        }
    }

    func text(_ native: clt_event) -> String {
        guard let start = native.text else { return "" }
        return start.withMemoryRebound(to: UInt8.self, capacity: native.text_length) {
            String(decoding: UnsafeBufferPointer(start: $0, count: native.text_length), as: UTF8.self)
        }
    }

    private func storageError(_ native: clt_event, _ operation: String) -> EngineError {
        let path = String(
            decoding: UnsafeBufferPointer(start: native.data, count: native.data_length), as: UTF8.self)
        // A link, FIFO or device that stands where a file should go is refused before it is opened.
        let isInTheWay = native.system_errno == ELOOP || native.system_errno == ENXIO
        let code =
            isInTheWay
            ? .fileExists : EngineError.Code(fileErrno: native.system_errno == 0 ? nil : native.system_errno)
        let remedy: String? =
            switch code {
            case .diskFull: "free some space: it goes on by itself, or at the next start"
            case .contentChanged: "share it again: it must be hashed anew"
            case .fileExists: "move away what stands there, and start again"
            case .permissionDenied where native.system_errno == EROFS: "mount it writable, and start again"
            case .permissionDenied: "give this user access to it, and start again"
            case .inputMissing: "bring it back, or verify the content and add it again"
            case .inputOutput where native.system_errno == EMFILE || native.system_errno == ENFILE:
                "raise the limit of open files: it goes on by itself once some can be opened, or at the next start"
            case .inputOutput: "look at the disk, then verify the content and add it again"
            default: nil
            }
        return EngineError(
            code, path.isEmpty ? operation : "\(operation) (\(path))", reason: text(native),
            remedy: remedy, path: path.isEmpty ? nil : path,
            systemErrno: native.system_errno == 0 ? nil : native.system_errno)
    }

    private func listenError(_ native: clt_event) -> EngineError {
        let place = configuration.listen.map(\.description).joined(separator: ", ")
        let code = EngineError.Code(socketErrno: native.system_errno)
        let remedy =
            switch code {
            case .addressInUse: "choose another port, or port 0 for any free one"
            case .addressNotAvailable: "listen on an address of this machine (ip address shows them)"
            case .permissionDenied: "choose a port of 1024 or more"
            default: String?.none
            }
        return EngineError(
            code, "listen on \(place)", reason: text(native), remedy: remedy, systemErrno: native.system_errno
        )
    }
}

extension TorrentState {
    init(native: UInt32) {
        self =
            switch clt_torrent_state(rawValue: native) {
            case CLT_STATE_METADATA: .metadata
            case CLT_STATE_HELD: .held
            case CLT_STATE_CHECKING: .checking
            case CLT_STATE_DOWNLOADING: .downloading
            case CLT_STATE_SEEDING: .seeding
            case CLT_STATE_FINISHED: .finished
            case CLT_STATE_FAILED: .failed
            default: .unknown
            }
    }
}

extension PeerStage {
    init?(native: Int64) {
        switch clt_peer_stage(rawValue: UInt32(truncatingIfNeeded: native)) {
        case CLT_STAGE_TCP: self = .tcp
        case CLT_STAGE_EXTENSIONS: self = .extensions
        case CLT_STAGE_PIECES: self = .pieces
        default: return nil
        }
    }
}

extension RefusalReason {
    init(native: Int64) {
        self =
            switch clt_refusal(rawValue: UInt32(truncatingIfNeeded: native)) {
            case CLT_REFUSAL_NOT_A_MEMBER: .notAMember
            case CLT_REFUSAL_NOT_OF_TORRENT: .notOfThisTorrent
            case CLT_REFUSAL_REVOKED: .revoked
            case CLT_REFUSAL_NOT_DIALLED: .notDialled
            case CLT_REFUSAL_PROTOCOL: .harmfulHandshake
            case CLT_REFUSAL_NOT_BOUND: .notBound
            case CLT_REFUSAL_TOO_MANY: .tooMany
            default: .other
            }
    }
}

extension DisconnectReason {
    init(native: Int64) {
        self =
            switch clt_disconnect(rawValue: UInt32(truncatingIfNeeded: native)) {
            case CLT_DISCONNECT_CONNECT_REFUSED: .connectionRefused
            case CLT_DISCONNECT_UNREACHABLE: .unreachable
            case CLT_DISCONNECT_TIMED_OUT: .timedOut
            case CLT_DISCONNECT_BEFORE_HANDSHAKE: .closedBeforeHandshake
            case CLT_DISCONNECT_CLOSED: .closed
            case CLT_DISCONNECT_BY_US: .byUs
            case CLT_DISCONNECT_PROTOCOL: .protocolError
            default: .other
            }
    }
}

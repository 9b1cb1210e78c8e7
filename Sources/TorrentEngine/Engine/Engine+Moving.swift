import CLibtorrent

#if canImport(Glibc)
    import Glibc
#endif

extension Engine {
    /// The first step: the files stand in both folders.
    func carry(_ id: Torrent.ID, to folder: String) async throws(EngineError) {
        let outcome: Result<[LeftFile], EngineError> = await withTaskCancellationHandler {
            do throws(EngineError) {
                return .success(
                    try await moved(id, "move torrent \(id) to \(quoted(folder))") { handle, request, error in
                        withBorrowed(folder) { clt_torrent_move(handle, id.raw, $0, $1, request, error) }
                    })
            } catch {
                return .failure(error)
            }
        } onCancel: {
            // Answered once it is back where it was.
            Task { await self.cancelMove(of: id) }
        }
        _ = try outcome.get()
    }

    /// The second step: the old files go, or stay.
    func endMove(_ id: Torrent.ID, discardingSources: Bool) async throws(EngineError) -> [LeftFile] {
        try await moved(id, "end the move of torrent \(id)") { handle, request, error in
            clt_torrent_end_move(handle, id.raw, discardingSources ? 1 : 0, request, error)
        }
    }

    private func cancelMove(of id: Torrent.ID) {
        guard let handle = try? liveHandle("cancel a move") else { return }
        _ = clt_torrent_cancel_move(handle, id.raw, nil)
    }

    /// Asks, and waits however long it takes: what it does to the disk is not left half done.
    func moved(
        _ id: Torrent.ID, _ operation: String,
        _ ask: (OpaquePointer, UInt64, UnsafeMutablePointer<clt_error>) -> Int32
    ) async throws(EngineError) -> [LeftFile] {
        let handle = try liveHandle(operation)
        let request = nextRequest()
        moves.open(request)
        do throws(EngineError) {
            try nativeCall(operation) { ask(handle, request, $0) }
        } catch {
            moves.close(request)
            throw error
        }
        records[id]?.moves.insert(request)
        return try await moves.outcome(request).get()
    }

    /// What an event says of a move.
    func moveOutcome(_ native: clt_event) -> Result<[LeftFile], EngineError> {
        guard native.value == 0 else { return .success(leftFiles(native)) }
        let path = eventData(native)
        let code = native.system_errno
        let kind: EngineError.Code =
            switch code {
            case ECANCELED: .cancelled
            case EINVAL: .invalidArgument
            default: EngineError.Code(fileErrno: code)
            }
        let remedy: String? =
            switch kind {
            case .fileExists: "choose another folder, or move away what stands there"
            case .diskFull: "choose another folder, or free some space there"
            case .permissionDenied: "choose another folder, or give this user access to it"
            case .contentChanged: "verify the content, and add the torrent again"
            default: nil
            }
        return .failure(
            EngineError(
                kind, "move the files of a torrent (\(path))",
                reason: "\(text(native)); the torrent is where it was", remedy: remedy, path: path,
                systemErrno: code))
    }

    /// The files that an event names: errno, space, path, NUL.
    func leftFiles(_ native: clt_event) -> [LeftFile] {
        guard native.count > 0 else { return [] }
        return eventData(native).split(separator: "\0").compactMap { entry in
            let parts = entry.split(separator: " ", maxSplits: 1)
            guard parts.count == 2, let code = Int32(parts[0]) else { return nil }
            let path = String(parts[1])
            let reason =
                code == ESTALE
                ? "it is not the torrent's file, or not any more" : String(cString: strerror(code))
            return LeftFile(
                path: path,
                error: EngineError(
                    EngineError.Code(fileErrno: code), "remove \(path)", reason: reason,
                    remedy: "look at it, and remove it by hand", path: path, systemErrno: code))
        }
    }

    func eventData(_ native: clt_event) -> String {
        String(decoding: UnsafeBufferPointer(start: native.data, count: native.data_length), as: UTF8.self)
    }
}

import CLibtorrent

// Every wait for an event: one continuation each, resumed once, by the answer, a time limit, cancellation or shutdown.
extension Engine {
    func wait(
        for milestone: TorrentRecord.Milestone, of id: Torrent.ID, within limit: Duration? = nil
    ) async throws(EngineError) {
        let operation = "wait for torrent \(id)"
        _ = try liveHandle(operation)
        guard let record = records[id] else { throw notFound(operation) }
        if record.reached.contains(milestone) { return }
        if let failure = record.failure { throw failure }
        let request = nextRequest()
        defer { records[id]?.waiters[request] = nil }
        try await answer(request, in: milestones, operation: operation, within: limit) {
            () throws(EngineError) in
            records[id]?.waiters[request] = milestone
        }
    }

    /// Whether somebody waits for a milestone of that torrent.
    func isWaiting(for id: Torrent.ID) -> Bool { records[id]?.waiters.isEmpty == false }

    func metadata(of id: Torrent.ID, within limit: Duration?) async throws(EngineError) -> Metainfo {
        try await wait(for: .metadata, of: id, within: limit)
        guard let bytes = records[id]?.heldMetadata else {
            throw notFound("read the metadata of torrent \(id)")
        }
        return try Metainfo(infoDictionary: bytes, limits: configuration.limits)
    }

    func resumeData(of id: Torrent.ID) async throws(EngineError) -> [UInt8] {
        let operation = "save the resume data of torrent \(id)"
        let handle = try liveHandle(operation)
        let request = nextRequest()
        return try await answer(request, in: resumeData, operation: operation, within: .seconds(60)) {
            () throws(EngineError) in
            try nativeCall(operation) { clt_torrent_save_resume_data(handle, id.raw, request, $0) }
        }
    }

    func remove(_ id: Torrent.ID, deletingFiles: Bool) async throws(EngineError) -> [LeftFile] {
        let operation = "remove torrent \(id)"
        let handle = try liveHandle(operation)
        let request = nextRequest()
        // It leaves the swarm at once. What is waited for is that its files are closed: not to be cancelled.
        return try await answer(
            request, in: removals, operation: operation, within: .seconds(60), cancellable: false
        ) {
            () throws(EngineError) in
            try nativeCall(operation) { error in
                deletingFiles
                    ? clt_torrent_remove_with_files(handle, id.raw, request, error)
                    : clt_torrent_remove(handle, id.raw, request, error)
            }
            fail(id, notFound("wait for torrent \(id)"))
            for move in records[id]?.moves ?? [] {
                moves.resolve(move, .failure(notFound("move torrent \(id)")))
            }
            for read in records[id]?.reads ?? [] {
                pieceData.resolve(read, .failure(notFound("read torrent \(id)")))
            }
            formerMembers.note(records[id]?.members ?? [], [], of: id)
            records[id] = nil
        }
    }

    private func answer<Answer>(
        _ request: UInt64, in table: PendingAnswers<Answer>, operation: String, within limit: Duration?,
        cancellable: Bool = true, ask: () throws(EngineError) -> Void
    ) async throws(EngineError) -> Answer {
        table.open(request)
        do throws(EngineError) {
            try ask()
        } catch {
            table.close(request)
            throw error
        }
        let timer = limit.map { limit in
            Task {
                try await Task.sleep(for: limit)
                let error = EngineError(.timedOut, operation, reason: "no answer within \(limit)")
                table.resolve(request, .failure(error))
            }
        }
        defer { timer?.cancel() }
        return try await withTaskCancellationHandler {
            await table.outcome(request)
        } onCancel: {
            guard cancellable else { return }
            table.resolve(
                request, .failure(EngineError(.cancelled, operation, reason: "the task was cancelled")))
        }.get()
    }
}

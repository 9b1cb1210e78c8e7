public import NodeInterface
import NodeSupport
import TorrentEngine

extension TorrentBackend {
    /// Fetches from a private swarm of the invited members.
    ///
    /// The peers that a magnet link names are not members: links come with candidates, which are untrusted.
    /// - Throws: `.disabled`, `.malformed`, `.noPeer`, `.refused`, `.contentMismatch`, `.storage`, `.cancelled`,
    ///   `.shutDown`.
    public func fetch(
        infoHashOrMagnet: String, into folder: String, progress: (@Sendable (TransferProgress) -> Void)?
    ) async throws(BackendError) -> FetchedContent {
        try requireEnabled("fetch a torrent")
        let reference = try await translatingErrors { () throws(EngineError) in
            infoHashOrMagnet.prefix(7).lowercased() == "magnet:"
                ? TorrentReference.magnet(try MagnetLink(parsing: infoHashOrMagnet))
                : .infoHash(try InfoHash(parsing: infoHashOrMagnet))
        }
        var request = FetchRequest(reference, into: folder, members: [])
        request.rateClass = .interactive
        return try await fetch(request, job: nil, progress: progress)
    }

    /// Fetches a job's file, and hands it over only if it is what the job says: see `BitTorrentBackend`.
    ///
    /// - Throws: `.unsupported` where the backend has no ``BackendConfiguration/fileVerifier``; `.contentMismatch`;
    ///   else as ``fetch(infoHashOrMagnet:into:progress:)``.
    public func fetch(
        infoHash: String, for job: SwarmJob, into folder: String,
        progress: (@Sendable (TransferProgress) -> Void)?
    ) async throws(BackendError) -> FetchedContent {
        let operation = "fetch the file of job \(job.jobID)"
        try requireEnabled(operation)
        guard let verifier = configuration.fileVerifier else {
            throw BackendError(
                .unsupported, operation,
                reason: "the backend has nothing that compares a file with a job's hash",
                remedy: "set BackendConfiguration.fileVerifier")
        }
        let hash = try await translatingErrors { () throws(EngineError) in try InfoHash(parsing: infoHash) }
        var request = FetchRequest(.infoHash(hash), into: folder, members: [])
        request.rateClass = .interactive
        let wanted = job.file.sizeBytes
        request.inspect = { metainfo throws(EngineError) in
            let files = metainfo.files.filter { !$0.isPad }
            guard files.count == 1, metainfo.sizeBytes == wanted else {
                throw EngineError(
                    .contentMismatch, operation,
                    reason: "it is \(files.count) files of \(metainfo.sizeBytes) bytes, not one of \(wanted)")
            }
        }
        let content = try await fetch(request, job: job, progress: progress)
        for file in content.files {
            let isGood: Bool
            do throws(BackendError) {
                isGood = try await calls.call("verify \(quoted(file.path))") { () throws(BackendError) in
                    try await verifier.matches(path: file.path, file: job.file)
                }
            } catch {
                await Self.discard(file)
                throw error
            }
            guard isGood else {
                await Self.discard(file)
                throw BackendError(
                    .contentMismatch, operation, reason: "its hash is not the job's; it was deleted")
            }
        }
        return content
    }

    private static func discard(_ file: FetchedFile) async {
        _ = try? await blocking("delete \(quoted(file.path))") { FileSystem.removeTree(file.path) }
    }

    private func fetch(
        _ request: FetchRequest, job: SwarmJob?, progress: (@Sendable (TransferProgress) -> Void)?
    ) async throws(BackendError) -> FetchedContent {
        var request = request
        request.isAwaited = true
        let infoHash = request.reference.infoHash
        let report = ProgressReport(progress)
        let (fetcher, awaited) = (fetcher, request)
        let result = try await runAlone(infoHash, for: job, "fetch torrent \(infoHash)") {
            membership async throws(BackendError) in
            try await translatingErrors { () throws(EngineError) in
                try await fetcher.fetch(awaited, membership: membership) { report.take($0) }
            }
        }
        return FetchedContent(
            infoHash: result.infoHash.description, name: result.name, folder: result.folder,
            files: result.files)
    }

    /// Runs work on a torrent that nothing else runs, once it has a member; cancelled with the task, and by what removes
    /// the torrent.
    func runAlone<Value: Sendable>(
        _ infoHash: InfoHash, for job: SwarmJob?, _ operation: String,
        _ body: @escaping @Sendable (Membership) async throws(BackendError) -> Value
    ) async throws(BackendError) -> Value {
        await probes.cancel(infoHash)
        guard running[infoHash] == nil else { throw runsAlready(infoHash) }
        let membership = try membership(of: job?.jobID, sources: job?.sources ?? [], holder: Self.node)
        let id = nextRun()
        let work = Task { () async -> Result<Value, BackendError> in
            await membership.begin()
            do throws(BackendError) {
                try await self.requireMember(membership, [], operation)
                return .success(try await body(membership))
            } catch {
                return .failure(error)
            }
        }
        running[infoHash] = RunningTorrent(
            id: id, jobID: job?.jobID, holders: [Self.node], membership: membership,
            ready: Task { .success(()) },
            work: Task {
                await withTaskCancellationHandler {
                    _ = await work.value
                } onCancel: {
                    work.cancel()
                }
            })
        let outcome = await withTaskCancellationHandler {
            await work.value
        } onCancel: {
            work.cancel()
        }
        await forget(infoHash, of: id)
        if case .failure(let error) = outcome, error.code == .cancelled, !Task.isCancelled {
            try requireEnabled(operation)
        }
        return try outcome.get()
    }
}

import NodeInterface
import NodeSupport
import TorrentEngine

/// Fetches one candidate's file, and compares it with what the item says.
struct CandidateAttempt: Sendable {
    let backends: [ContentBackendType: any ContentBackend]
    let torrents: (any BitTorrentBackend)?
    let verifier: (any FileVerifier)?
    let calls = OutsideCalls(clock: .system)
    /// How long a backend or verifier is waited for once it was cancelled.
    var windDown = Duration.seconds(10)

    func fetch(
        _ candidate: SourceCandidate, plan: ResolutionPlan, in place: ResolutionFolder
    ) async -> Result<ResolvedFile, BackendError> {
        let attempt: String
        do throws(BackendError) { attempt = try await place.makeAttempt() } catch { return .failure(error) }
        let result: Result<ResolvedFile, BackendError>
        do throws(BackendError) {
            let path =
                candidate.backend == .torrent
                ? try await fetchTorrent(candidate, plan, into: attempt)
                : try await fetchContent(candidate, plan, into: attempt)
            let size = try await verify(path, plan.item)
            try requireNotCancelled(candidate)
            let final = try await place.take(path)
            result = .success(
                ResolvedFile(
                    path: final, sizeBytes: size, candidateID: candidate.id, backend: candidate.backend))
        } catch {
            result = .failure(error)
        }
        await place.removeAttempt(attempt)
        return result
    }

    // MARK: - Fetching

    private func fetchContent(
        _ candidate: SourceCandidate, _ plan: ResolutionPlan, into folder: String
    ) async throws(BackendError) -> String {
        guard let backend = backends[candidate.backend] as? any ContentFetchBackend else {
            throw BackendError(
                .unsupported, "fetch candidate \(candidate.id)",
                reason: "no backend of this node fetches from \(candidate.backend.rawValue)")
        }
        let path = "\(folder)/\(PlainName.of(plan.item.file?.contentID ?? plan.item.itemID))"
        let sink = try await FileSink.make(path, maximumBytes: plan.effectiveMaximum)
        let delivery = try await calls.call("fetch candidate \(candidate.id)", windDown: windDown) {
            () throws(BackendError) in
            try await backend.fetch(candidate, to: sink, maximumBytes: plan.effectiveMaximum)
        }
        guard delivery.isComplete else {
            throw BackendError(
                .contentMismatch, "fetch candidate \(candidate.id)",
                reason: "its content ended after \(delivery.deliveredBytes) bytes")
        }
        try await sink.finish()
        return path
    }

    private func fetchTorrent(
        _ candidate: SourceCandidate, _ plan: ResolutionPlan, into folder: String
    ) async throws(BackendError) -> String {
        let operation = "fetch candidate \(candidate.id)"
        guard let torrents else {
            throw BackendError(.unsupported, operation, reason: "this node has no BitTorrent engine")
        }
        if let backend = backends[.torrent],
            case .invalid(let reason, let detail) = try await calls.call(
                operation, windDown: windDown, { await backend.validate(candidate) })
        {
            throw BackendError(
                .refused, operation,
                reason: "the candidate is not valid: \(reason.rawValue)"
                    + (detail.map { " (\($0))" } ?? ""))
        }
        let content = try await calls.call(operation, windDown: windDown) { () throws(BackendError) in
            try await SizeLimit(plan.effectiveMaximum, operation).run {
                progress async throws(BackendError) in
                try await torrents.fetch(
                    infoHashOrMagnet: candidate.backendRef, into: folder, progress: progress)
            }
        }
        return try await theFile(of: content, plan.item, operation)
    }

    /// The one file of a torrent that is the item's.
    private func theFile(
        of content: FetchedContent, _ item: ContentItem, _ operation: String
    ) async throws(BackendError) -> String {
        guard let wanted = item.file else {
            guard content.files.count == 1, let only = content.files.first else {
                throw BackendError(
                    .contentMismatch, operation,
                    reason: "it has \(content.files.count) files, and the item does not say which it is")
            }
            return only.path
        }
        let fitting = content.files.filter { $0.sizeBytes == wanted.sizeBytes }
        // Only the hash tells files of the same size apart.
        if fitting.count > 1, let verifier {
            for file in fitting {
                if try await matches(verifier, file.path, wanted) { return file.path }
            }
        } else if let file = fitting.first {
            return file.path
        }
        throw BackendError(.contentMismatch, operation, reason: "none of its files is the item's")
    }

    // MARK: - Comparing

    private func verify(_ path: String, _ item: ContentItem) async throws(BackendError) -> UInt64 {
        let size = try await translatingErrors { () throws(EngineError) in
            try await blocking("look at \(quoted(path))") { () throws(EngineError) in
                FileSystem.size(of: path) ?? 0
            }
        }
        guard let wanted = item.file else { return size }
        guard size == wanted.sizeBytes else {
            throw BackendError(
                .contentMismatch, "resolve item \(item.itemID)",
                reason: "\(size) bytes came, and it has \(wanted.sizeBytes)")
        }
        if let verifier, try await !matches(verifier, path, wanted) {
            throw BackendError(
                .contentMismatch, "resolve item \(item.itemID)", reason: "the hash of what came differs")
        }
        return size
    }

    private func matches(
        _ verifier: any FileVerifier, _ path: String, _ wanted: SwarmFile
    ) async throws(BackendError) -> Bool {
        try await calls.call("verify \(quoted(path))", windDown: windDown) { () throws(BackendError) in
            try await verifier.matches(path: path, file: wanted)
        }
    }

    private func requireNotCancelled(_ candidate: SourceCandidate) throws(BackendError) {
        guard Task.isCancelled else { return }
        throw BackendError(
            .cancelled, "fetch candidate \(candidate.id)", reason: "the task was cancelled")
    }
}

/// Ends a fetch whose content turns out to be too large, before its data comes.
private struct SizeLimit: Sendable {
    private let maximumBytes: UInt64
    private let operation: String
    private let excess = Locked<UInt64?>(nil)

    init(_ maximumBytes: UInt64, _ operation: String) {
        self.maximumBytes = maximumBytes
        self.operation = operation
    }

    func run(
        _ fetch:
            @escaping @Sendable (@escaping @Sendable (TransferProgress) -> Void) async throws(BackendError)
            -> FetchedContent
    ) async throws(BackendError) -> FetchedContent {
        let (excesses, tooLarge) = AsyncStream.makeStream(of: Void.self)
        let (excess, maximumBytes) = (excess, maximumBytes)
        let work = Task { () async -> Result<FetchedContent, BackendError> in
            do throws(BackendError) {
                return .success(
                    try await fetch { progress in
                        guard let total = progress.totalBytes, total > maximumBytes else { return }
                        excess.withLock { $0 = total }
                        tooLarge.yield()
                    })
            } catch {
                return .failure(error)
            }
        }
        let watch = Task {
            for await _ in excesses { work.cancel() }
        }
        let result = await withTaskCancellationHandler {
            await work.value
        } onCancel: {
            work.cancel()
        }
        tooLarge.finish()
        watch.cancel()
        if let total = excess.withLock({ $0 }) {
            throw BackendError(
                .limitExceeded, operation,
                reason: "it has \(total) bytes, and \(maximumBytes) are allowed")
        }
        return try result.get()
    }
}

public import NodeInterface
import TorrentEngine

extension TorrentBackend {
    /// The holder that stands for the node itself.
    static let node = ""

    /// Resolves the variant, and returns once it runs: loaded, sanitised, members in, dialling or seeding.
    ///
    /// Asked again for what the same job runs already, it returns the same ID; asked twice at the same time, both
    /// wait for the one torrent.
    /// - Returns: The info-hash, 40 lower-case hexadecimal digits.
    /// - Throws: `.disabled`, `.unknownVariant`, `.unsupported`, `.malformed`, `.refused` (private mode, or the torrent
    ///   runs for another job), `.noPeer`, `.storage`, `.contentMismatch`, `.cancelled`, `.shutDown`.
    public func preparePrivateTorrent(
        job: SwarmJob, variant variantID: String
    ) async throws(BackendError) -> String {
        try await preparePrivateTorrent(
            job: job, variant: variantID, holder: Self.node, preferredPieceSizeBytes: nil)
    }

    /// The same for somebody in particular: see `BitTorrentBackend`.
    ///
    /// A torrent of that content which was made before wins over the wish for a piece size.
    public func preparePrivateTorrent(
        job: SwarmJob, variant variantID: String, holder: String, preferredPieceSizeBytes: Int64?
    ) async throws(BackendError) -> String {
        let operation = "prepare variant \(variantID) of job \(job.jobID)"
        try requireEnabled(operation)
        guard let variant = job.variant(id: variantID) else {
            throw BackendError(.unknownVariant, operation, reason: "the job has no variant of that name")
        }
        let resolved = try await resolver.resolve(
            variant, preferredPieceSizeBytes: preferredPieceSizeBytes,
            within: .seconds(options.queryTimeoutSeconds), operation: operation)
        try requireEnabled(operation)
        let infoHash = resolved.infoHash
        let run = try await join(infoHash, resolved, job, holder, operation)
        guard let outcome = await run.ready.valueUnlessCancelled() else {
            await release(infoHash, of: run.id, holder)
            throw BackendError(.cancelled, operation, reason: "the task was cancelled")
        }
        if case .failure(let error) = outcome, error.code == .cancelled { try requireEnabled(operation) }
        try outcome.get()
        return infoHash.description
    }

    /// The run of that torrent for that job, which is begun where there is none.
    private func join(
        _ infoHash: InfoHash, _ resolved: VariantResolver.Resolved, _ job: SwarmJob, _ holder: String,
        _ operation: String
    ) async throws(BackendError) -> RunningTorrent {
        // What is begun in earnest goes before a probe.
        await probes.cancel(infoHash)
        if let run = running[infoHash] {
            guard run.jobID == job.jobID else { throw runsAlready(infoHash) }
            running[infoHash]?.holders.insert(holder)
            await run.membership.set(job.sources, namedFor: holder)
            await keepHolders(infoHash, of: run.id)
            return run
        }
        let membership = try membership(of: job.jobID, sources: job.sources, holder: holder)
        let id = nextRun()
        let run = RunningTorrent(
            id: id, jobID: job.jobID, holders: [holder], membership: membership,
            ready: Task {
                await membership.begin()
                do throws(BackendError) {
                    switch resolved {
                    case .seed(let metainfo, let folder, let identities):
                        try await self.seed(metainfo, folder, identities, membership, id)
                    case .fetch(let reference, let asked):
                        try await self.beginFetch(reference, asked, membership, id, operation)
                    }
                    return .success(())
                } catch {
                    await self.forget(infoHash, of: id)
                    return .failure(error)
                }
            })
        running[infoHash] = run
        return run
    }

    private func seed(
        _ metainfo: Metainfo, _ folder: String, _ identities: [FileIdentity?], _ membership: Membership,
        _ id: UInt64
    ) async throws(BackendError) {
        let torrent = try await translatingErrors { () throws(EngineError) in
            let seeder = if let store { Seeder(store: store) } else { Seeder(engine: engine) }
            return try await seeder.seed(
                metainfo, in: folder, identities: identities, membership: membership,
                job: await keptJob(metainfo.infoHash, of: id))
        }
        guard running[metainfo.infoHash]?.id == id, !Task.isCancelled else {
            try? await torrent.remove()
            throw BackendError(
                .cancelled, "seed \(metainfo.infoHash)", reason: "it was removed while it was prepared")
        }
        running[metainfo.infoHash]?.torrent = torrent
    }

    /// Returns when the fetch has begun: it goes on by itself.
    private func beginFetch(
        _ reference: TorrentReference, _ asked: [String], _ membership: Membership, _ id: UInt64,
        _ operation: String
    ) async throws(BackendError) {
        guard let folder = configuration.downloadFolder else {
            throw BackendError(
                .unsupported, operation, reason: "it must be fetched, and the backend has no download folder",
                remedy: "set BackendConfiguration.downloadFolder")
        }
        try await requireMember(membership, asked, operation)
        let infoHash = reference.infoHash
        var request = FetchRequest(reference, into: folder, members: [])
        request.rateClass = .fallback
        request.job = await keptJob(infoHash, of: id)
        try await runFetch(request, membership, id, operation)
    }

    func runFetch(
        _ request: FetchRequest, _ membership: Membership, _ id: UInt64, _ operation: String
    ) async throws(BackendError) {
        let infoHash = request.reference.infoHash
        let fetcher = fetcher
        let (starts, start) = AsyncStream.makeStream(of: Result<Void, BackendError>.self)
        let work = Task {
            do throws(EngineError) {
                _ = try await fetcher.fetch(request, membership: membership) { update in
                    if case .started = update { start.yield(.success(())) }
                }
            } catch {
                start.yield(.failure(BackendError(error)))
            }
            start.finish()
            await self.forget(infoHash, of: id)
        }
        guard running[infoHash]?.id == id else {
            work.cancel()
            throw BackendError(.cancelled, operation, reason: "it was removed while it was prepared")
        }
        running[infoHash]?.work = work
        for await first in starts {
            try first.get()
            return
        }
        work.cancel()
        throw BackendError(.cancelled, operation, reason: "the task was cancelled")
    }

    func requireMember(
        _ membership: Membership, _ asked: [String], _ operation: String
    ) async throws(BackendError) {
        guard await !membership.waitForMember(within: .seconds(options.queryTimeoutSeconds)) else { return }
        if Task.isCancelled {
            throw BackendError(.cancelled, operation, reason: "the task was cancelled")
        }
        let resolvers =
            asked.isEmpty
            ? "" : "; asked for its metadata, and not knowing it: \(asked.joined(separator: ", "))"
        throw BackendError(
            .noPeer, operation, reason: "nobody who may be in the swarm is known\(resolvers)",
            remedy: "add an invite, or wait until the overlay or the job names a peer")
    }

    /// The run has ended.
    func forget(_ infoHash: InfoHash, of id: UInt64) async {
        guard let run = running[infoHash], run.id == id else { return }
        running[infoHash] = nil
        await run.membership.end()
    }
}

public import NodeInterface
public import TorrentEngine

/// The node's torrent backend: private swarms over one ``Engine``.
///
/// Start one with ``start(options:configuration:)`` and end it with ``shutdown(within:)``.
public actor TorrentBackend: BitTorrentBackend {
    private let options: TorrentBackendOptions
    private let configuration: BackendConfiguration
    private let resolver: VariantResolver
    /// The engine that the backend runs on.
    public nonisolated let engine: Engine

    private struct Running {
        let jobID: String?
        var work: Task<Void, Never>?
        var torrent: Torrent?
        var membership: Task<Void, Never>?
        var followed: Torrent.ID?
    }
    private var running: [InfoHash: Running] = [:]

    private init(_ options: TorrentBackendOptions, _ configuration: BackendConfiguration, _ engine: Engine) {
        self.options = options
        self.configuration = configuration
        self.engine = engine
        resolver = VariantResolver(configuration: configuration)
    }

    /// Validates the options and starts an engine.
    ///
    /// - Throws: `.invalidOptions` naming the keys at fault, `.network` where it cannot listen, `.unsupported` where
    ///   the engine does not fit.
    public static func start(
        options: TorrentBackendOptions, configuration: BackendConfiguration = BackendConfiguration()
    ) async throws(BackendError) -> TorrentBackend {
        try options.validate()
        let engine = try await translatingErrors { () throws(EngineError) in
            try await Engine.start(configuration.engine)
        }
        return TorrentBackend(options, configuration, engine)
    }

    /// Whether the backend is enabled.
    public var isSupported: Bool { options.enabled }

    /// Resolves the variant, and returns once it runs: loaded, sanitised, members in, dialling or seeding.
    ///
    /// Asked again for what the same job runs already, it returns the same ID.
    /// - Returns: The info-hash, 40 lower-case hexadecimal digits.
    /// - Throws: `.disabled`, `.unknownVariant`, `.unsupported`, `.malformed`, `.refused` (private mode, or the torrent
    ///   runs for another job), `.noPeer`, `.storage`, `.contentMismatch`, `.cancelled`, `.shutDown`.
    public func preparePrivateTorrent(
        job: SwarmJob, variant variantID: String
    ) async throws(BackendError) -> String {
        try requireEnabled("prepare job \(job.jobID)")
        guard let variant = job.variant(id: variantID) else {
            throw BackendError(
                .unknownVariant, "prepare variant \(variantID) of job \(job.jobID)",
                reason: "the job has no variant of that name")
        }
        let sources = try PeerSources(options.privateMode, job: job)
        switch try await resolver.resolve(variant, of: job.jobID) {
        case .seed(let metainfo, let folder, let identities):
            guard try claim(metainfo.infoHash, for: job.jobID) else { return metainfo.infoHash.description }
            try await seed(metainfo, folder, identities, sources, job.jobID)
            return metainfo.infoHash.description
        case .fetch(let reference):
            guard let folder = configuration.downloadFolder else {
                throw BackendError(
                    .unsupported, "prepare variant \(variantID) of job \(job.jobID)",
                    reason: "it must be fetched, and the backend has no download folder",
                    remedy: "set BackendConfiguration.downloadFolder")
            }
            guard try claim(reference.infoHash, for: job.jobID) else { return reference.infoHash.description }
            try await startFetch(reference, folder, sources, job.jobID)
            return reference.infoHash.description
        }
    }

    /// Fetches a torrent from the members that the options name, and returns when every file is verified.
    ///
    /// The reference is untrusted: peers, trackers and web seeds that a magnet link names are dropped. Cancelling the
    /// task stops and removes the torrent; what is verified stays on disk for the next try.
    public func fetch(
        infoHashOrMagnet: String, into folder: String, progress: (@Sendable (TransferProgress) -> Void)?
    ) async throws(BackendError) -> FetchedContent {
        try requireEnabled("fetch")
        let reference = try await translatingErrors { () throws(EngineError) in
            infoHashOrMagnet.prefix(7).lowercased() == "magnet:"
                ? .magnet(try MagnetLink(parsing: infoHashOrMagnet))
                : TorrentReference.infoHash(try InfoHash(parsing: infoHashOrMagnet))
        }
        let sources = try PeerSources(options.privateMode, job: nil)
        guard try claim(reference.infoHash, for: nil) else { throw runsAlready(reference.infoHash) }
        defer { running[reference.infoHash] = nil }
        let report = ProgressReport(progress)
        let request = FetchRequest(reference, into: folder, members: sources.members)
        let result = try await translatingErrors { () throws(EngineError) in
            try await Fetcher(engine: engine).fetch(request) { report.take($0) }
        }
        return FetchedContent(
            infoHash: result.infoHash.description, name: result.name, folder: result.folder,
            files: result.files)
    }

    /// Stops what ``preparePrivateTorrent(job:variant:)`` started under that ID; nothing where nothing runs. Files stay.
    public func remove(fallbackID: String) async {
        guard let infoHash = try? InfoHash(parsing: fallbackID),
            let gone = running.removeValue(forKey: infoHash)
        else { return }
        gone.membership?.cancel()
        gone.work?.cancel()
        await gone.work?.value
        try? await gone.torrent?.remove()
    }

    /// Stops everything, in at most about `limit`.
    public func shutdown(within limit: Duration = .seconds(5)) async throws(BackendError) {
        for gone in running.values {
            gone.membership?.cancel()
            gone.work?.cancel()
        }
        running.removeAll()
        try await translatingErrors { () throws(EngineError) in try await engine.shutdown(within: limit) }
    }

    // MARK: - One torrent

    /// False where that job runs it already. Membership and lifetime belong to the job and the torrent together:
    /// another job is refused.
    private func claim(_ infoHash: InfoHash, for jobID: String?) throws(BackendError) -> Bool {
        if let other = running[infoHash] {
            guard let jobID, other.jobID == jobID else { throw runsAlready(infoHash) }
            return false
        }
        running[infoHash] = Running(jobID: jobID)
        return true
    }

    private func seed(
        _ metainfo: Metainfo, _ folder: String, _ identities: [FileIdentity?], _ sources: PeerSources,
        _ jobID: String
    ) async throws(BackendError) {
        let infoHash = metainfo.infoHash
        do throws(BackendError) {
            let torrent = try await translatingErrors { () throws(EngineError) in
                try await Seeder(engine: engine).seed(
                    metainfo, in: folder, members: sources.members, isVerified: true,
                    identities: identities)
            }
            guard running[infoHash] != nil else {
                // Removed while it was being prepared.
                try? await torrent.remove()
                throw BackendError(.cancelled, "prepare job \(jobID)", reason: "it was removed meanwhile")
            }
            running[infoHash]?.torrent = torrent
            follow(torrent, sources, jobID)
        } catch {
            running[infoHash] = nil
            throw error
        }
    }

    private func startFetch(
        _ reference: TorrentReference, _ folder: String, _ sources: PeerSources, _ jobID: String
    ) async throws(BackendError) {
        let infoHash = reference.infoHash
        let request = FetchRequest(reference, into: folder, members: sources.members)
        let engine = engine
        let (starts, start) = AsyncStream.makeStream(of: Result<Torrent, BackendError>.self)
        let work = Task { [weak self] in
            do throws(EngineError) {
                _ = try await Fetcher(engine: engine).fetch(request) { [weak self] update in
                    guard case .started(let torrent) = update else { return }
                    start.yield(.success(torrent))
                    // A fetch may start again under another ID, once it knows what is on disk.
                    Task { await self?.restarted(torrent, sources, jobID) }
                }
            } catch {
                start.yield(.failure(BackendError(error)))
            }
            start.finish()
            await self?.ended(infoHash)
        }
        running[infoHash]?.work = work
        var first = starts.makeAsyncIterator()
        switch await first.next() {
        case .success(let torrent):
            follow(torrent, sources, jobID)
        case .failure(let error):
            throw error
        case nil:
            work.cancel()
            throw BackendError(.cancelled, "prepare job \(jobID)", reason: "the task was cancelled")
        }
    }

    private func ended(_ infoHash: InfoHash) {
        running[infoHash]?.membership?.cancel()
        running[infoHash] = nil
    }

    private func restarted(_ torrent: Torrent, _ sources: PeerSources, _ jobID: String) {
        guard let entry = running[torrent.infoHash], entry.followed != nil, entry.followed != torrent.id
        else { return }
        follow(torrent, sources, jobID)
    }

    /// Keeps the torrent's members those of the mesh, while it runs.
    private func follow(_ torrent: Torrent, _ sources: PeerSources, _ jobID: String) {
        guard let overlay = configuration.overlay else { return }
        running[torrent.infoHash]?.membership?.cancel()
        running[torrent.infoHash]?.followed = torrent.id
        running[torrent.infoHash]?.membership = Task {
            var sources = sources
            for await event in overlay.peerEvents(jobID: jobID) where sources.take(event) {
                await Self.apply(sources, to: torrent)
            }
            if !Task.isCancelled, sources.overlayEnded() { await Self.apply(sources, to: torrent) }
        }
    }

    private static func apply(_ sources: PeerSources, to torrent: Torrent) async {
        let members = sources.members
        try? await torrent.setMembers(members)
        try? await torrent.start(dialling: members.compactMap(\.endpoint))
    }

    private func requireEnabled(_ operation: String) throws(BackendError) {
        guard options.enabled else {
            throw BackendError(
                .disabled, operation, reason: "the torrent backend is disabled",
                remedy: "set \(TorrentBackendOptions.keyPrefix):Enabled to true")
        }
    }

    private func runsAlready(_ infoHash: InfoHash) -> BackendError {
        BackendError(
            .refused, "run torrent \(infoHash)", reason: "it already runs for another job",
            remedy: "wait for that to end, or remove it")
    }
}

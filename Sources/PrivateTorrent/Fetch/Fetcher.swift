import NodeInterface
public import TorrentEngine

/// Fetches torrents: from a `.torrent`, an invite or an info-hash to verified files.
public struct Fetcher: Sendable {
    /// The engine that it fetches with.
    public let engine: Engine
    /// Where its torrents are kept, so that they are there after a restart; nil: nowhere.
    public let store: TorrentStore?

    /// Makes a fetcher.
    public init(engine: Engine) {
        self.engine = engine
        store = nil
    }

    /// Makes a fetcher whose torrents outlast the process: each is kept until it is fetched, and beyond, where it is then
    /// seeded. One that is cancelled stays, paused.
    public init(store: TorrentStore) {
        engine = store.engine
        self.store = store
    }

    /// Fetches a torrent, and returns when every byte is verified and the files are closed.
    ///
    /// A fetch that was interrupted, by cancellation or by a crash, is continued by fetching again: what is on disk
    /// is hashed, and only the rest comes from peers.
    ///
    /// - Parameters:
    ///   - request: What, where to, and from whom.
    ///   - update: Called on any thread, in order.
    /// - Throws: `.noMember` at once where no member is given; `.malformed`, `.refusedByPrivateMode`,
    ///   `.limitExceeded`; `.fileExists`, `.diskFull`, `.permissionDenied`, `.inputOutput`; `.timedOut`,
    ///   `.cancelled`, `.shutDown`. What was verified is kept for the next try.
    public func fetch(
        _ request: FetchRequest, update: @escaping @Sendable (FetchUpdate) -> Void = { _ in }
    ) async throws(EngineError) -> FetchResult {
        guard !request.members.isEmpty else {
            throw EngineError(
                .noMember, "fetch \(request.reference.infoHash)", reason: "no member of the swarm is known",
                remedy: "give an invite with peers, or name one with --peer HOST:PORT")
        }
        return try await fetch(request, membership: nil, update: update)
    }

    /// - Parameter membership: The members where they change on the way; nil takes those of the request.
    func fetch(
        _ request: FetchRequest, membership: Membership?, update: @escaping @Sendable (FetchUpdate) -> Void
    ) async throws(EngineError) -> FetchResult {
        let metrics = FetchMetrics(engine.metricsFactory)
        do throws(EngineError) {
            let result = try await timed(request, membership, update)
            metrics.note(nil)
            return result
        } catch {
            metrics.note(error)
            throw error
        }
    }

    private func timed(
        _ request: FetchRequest, _ membership: Membership?,
        _ update: @escaping @Sendable (FetchUpdate) -> Void
    ) async throws(EngineError) -> FetchResult {
        let run = FetchRun(
            engine: engine, store: store, request: request, membership: membership, update: update)
        guard let timeout = request.timeout else { return try await run.run() }

        let work = Task { () async -> Result<FetchResult, EngineError> in
            do throws(EngineError) { return .success(try await run.run()) } catch { return .failure(error) }
        }
        let timer = Task {
            try await Task.sleep(for: timeout)
            run.stall.timeIsUp()
            work.cancel()
        }
        let outcome = await withTaskCancellationHandler {
            await work.value
        } onCancel: {
            work.cancel()
        }
        timer.cancel()
        if case .failure(let error) = outcome, error.code == .cancelled, run.stall.isTimeUp {
            throw run.stall.timeout(after: timeout, of: request)
        }
        return try outcome.get()
    }
}

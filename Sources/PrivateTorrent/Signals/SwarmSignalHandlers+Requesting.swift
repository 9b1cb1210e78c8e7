public import NodeInterface
import NodeSupport
import TorrentEngine

// The side that asks.
extension SwarmSignalHandlers {
    /// Asks a peer to seed a job's variant in a private swarm, and fetches it from there.
    ///
    /// Waits half the signals' time for the answer. The peer is told when it is over, whatever the outcome; cancelling
    /// the task ends it on both sides.
    ///
    /// - Parameters:
    ///   - job: The job. The file is handed over only if it is what the job says.
    ///   - variantID: The ID of the variant that the peer has.
    ///   - peerID: The peer.
    ///   - folder: The absolute path of the folder in which the file is put.
    ///   - reason: Why, for the peer: a word such as `mesh-failures`.
    ///   - preferredPieceSizeBytes: A wish for the peer.
    ///   - progress: As in `BitTorrentBackend`.
    /// - Throws: `.timedOut` without an answer; `.refused` where the peer or our policy refuses, with the peer's reason
    ///   as `underlying`; `.noPeer` where no channel reaches it, or it is not known where it seeds; `.disabled`,
    ///   `.limitExceeded`, `.malformed`, `.contentMismatch`, `.cancelled`, `.shutDown`.
    public func requestFallback(
        job: SwarmJob, variant variantID: String, from peerID: String, into folder: String,
        reason: String? = nil, preferredPieceSizeBytes: Int64? = nil,
        progress: (@Sendable (TransferProgress) -> Void)? = nil
    ) async throws(BackendError) -> FetchedContent {
        let operation = "fall back to a private swarm for job \(job.jobID)"
        guard await backend.isSupported else {
            throw BackendError(.disabled, operation, reason: "the BitTorrent backend is disabled")
        }
        let listening = await backend.listenEndpoints
        try admit(job.jobID, variantID, peerID, operation)
        let id = Signal.randomID()
        let (acks, answer) = AsyncStream.makeStream(of: Result<RequestBtFallbackAck, BackendError>.self)
        requests[id] = Request(peerID: peerID, jobID: job.jobID, variantID: variantID, answer: answer)
        defer { forget(request: id) }
        let signal = signal(
            to: peerID,
            .requestBtFallback(
                RequestBtFallback(
                    jobID: job.jobID, variantID: variantID, contentIDType: "contentID",
                    contentIDValue: job.file.contentID, reason: reason,
                    hints: .init(
                        preferredPieceSizeBytes: preferredPieceSizeBytes,
                        endpoints: listening.isEmpty
                            ? nil : Array(listening.prefix(SignalLimits.endpoints))))), id: id)
        try await bus.send(signal)
        statistics.requests += 1
        var mustTell = true
        defer { if mustTell { sendCancel(to: peerID, jobID: job.jobID, requestID: id) } }
        let ack = try await ack(for: id, acks, operation)
        guard ack.accepted else {
            mustTell = false
            throw BackendError(
                .refused, operation, reason: "the peer refused: \(Self.plain(ack.reason))",
                underlying: Self.plain(ack.reason))
        }
        let content = try await fetch(ack, job, variantID, peerID, id, folder, progress, operation)
        statistics.fetched += 1
        return content
    }

    private func admit(
        _ jobID: String, _ variantID: String, _ peerID: String, _ operation: String
    ) throws(BackendError) {
        guard isRunning else {
            throw BackendError(.shutDown, operation, reason: "the signal handlers do not run")
        }
        guard requests.count < options.requestsAtOnce else {
            throw BackendError(
                .limitExceeded, operation, reason: "\(requests.count) fallbacks are under way already")
        }
        let isAsked = requests.values.contains {
            $0.peerID == peerID && $0.jobID == jobID && $0.variantID == variantID
        }
        guard !isAsked, peerID != localPeerID else {
            throw BackendError(
                .refused, operation, reason: "that peer is being asked already, or is this node")
        }
    }

    // MARK: - The answer

    /// An ack counts for a request that is pending, from whom it was sent to, once.
    func take(_ ack: RequestBtFallbackAck, from peerID: String) {
        guard let request = requests[ack.requestSignalID], let answer = request.answer,
            request.peerID == peerID, request.jobID == ack.jobID, request.variantID == ack.variantID
        else { return drop(.unknownRequest) }
        requests[ack.requestSignalID]?.answer = nil
        answer.yield(.success(ack))
        answer.finish()
    }

    /// Ends a request of this node from outside, whatever it is doing.
    func end(request id: String, with error: BackendError) {
        guard let request = requests[id], request.ending == nil else { return }
        requests[id]?.ending = error
        requests[id]?.answer = nil
        request.answer?.yield(.failure(error))
        request.answer?.finish()
        request.fetch?.cancel()
    }

    private func ack(
        for id: String, _ acks: AsyncStream<Result<RequestBtFallbackAck, BackendError>>, _ operation: String
    ) async throws(BackendError) -> RequestBtFallbackAck {
        let limit = options.ttl / 2
        let timer = Task { [weak self, clock] in
            try await clock.sleep(for: limit)
            await self?.end(
                request: id,
                with: BackendError(
                    .timedOut, operation, reason: "the peer did not answer within \(limit)",
                    remedy: "ask another peer"))
        }
        defer { timer.cancel() }
        for await outcome in acks { return try outcome.get() }
        throw BackendError(.cancelled, operation, reason: "the task was cancelled")
    }

    // MARK: - The transfer

    private func fetch(
        _ ack: RequestBtFallbackAck, _ job: SwarmJob, _ variantID: String, _ peerID: String, _ id: String,
        _ folder: String, _ progress: (@Sendable (TransferProgress) -> Void)?, _ operation: String
    ) async throws(BackendError) -> FetchedContent {
        guard let fallbackID = ack.btFallbackID, let infoHash = try? InfoHash(parsing: fallbackID) else {
            throw BackendError(.malformed, operation, reason: "the peer's fallback ID is no info-hash")
        }
        if let expected = job.variant(id: variantID)?.reference.namedInfoHash, expected != infoHash {
            throw BackendError(
                .contentMismatch, operation, reason: "the peer offers another torrent than the variant names")
        }
        let decision = await policy.decide(
            SecurityQuestion(
                action: .fetchFallback, peerID: peerID, jobID: job.jobID, variantID: variantID))
        if case .deny(let reason) = decision {
            throw BackendError(.refused, operation, reason: "the policy denies it: \(reason)")
        }
        let sources = await endpoints.sources(
            of: peerID, claimed: ack.endpoints, job: job, variantID: variantID)
        guard !sources.isEmpty else {
            throw BackendError(.noPeer, operation, reason: "nobody knows where the peer can be reached")
        }
        if let ending = requests[id]?.ending { throw ending }
        var narrowed = job
        narrowed.sources = sources
        let work = Task { [backend, narrowed] () async -> Result<FetchedContent, BackendError> in
            do throws(BackendError) {
                return .success(
                    try await backend.fetch(
                        infoHash: infoHash.description, for: narrowed, into: folder, progress: progress))
            } catch {
                return .failure(error)
            }
        }
        requests[id]?.fetch = work
        let outcome = await withTaskCancellationHandler {
            await work.value
        } onCancel: {
            work.cancel()
        }
        if case .failure(let error) = outcome, error.code == .cancelled, let ending = requests[id]?.ending {
            throw ending
        }
        return try outcome.get()
    }

    /// A peer's word, fit to be shown.
    private static func plain(_ reason: FallbackReason) -> String {
        let isPlain = reason.rawValue.utf8.allSatisfy { (0x21...0x7e).contains($0) }
        return isPlain ? String(reason.rawValue.prefix(64)) : "(a reason that is no plain word)"
    }
}

extension SwarmVariantReference {
    /// The info-hash, where the variant names one.
    fileprivate var namedInfoHash: InfoHash? {
        switch self {
        case .infoHash(let text): try? InfoHash(parsing: text)
        case .magnet(let text): (try? MagnetLink(parsing: text))?.infoHash
        case .torrentBytes(let bytes): (try? Metainfo(bytes: bytes))?.infoHash
        default: nil
        }
    }
}

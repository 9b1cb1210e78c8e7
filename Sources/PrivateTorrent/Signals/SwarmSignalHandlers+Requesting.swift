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
        do throws(BackendError) {
            let content = try await fallBack(
                job, variantID, peerID, folder, reason, preferredPieceSizeBytes, progress)
            metrics.asked(nil)
            return content
        } catch {
            metrics.asked(error)
            throw error
        }
    }

    private func fallBack(
        _ job: SwarmJob, _ variantID: String, _ peerID: String, _ folder: String, _ reason: String?,
        _ preferredPieceSizeBytes: Int64?, _ progress: (@Sendable (TransferProgress) -> Void)?
    ) async throws(BackendError) -> FetchedContent {
        let operation = "fall back to a private swarm for job \(job.jobID)"
        let backend = backend
        guard try await ask(operation, within: options.callLimit, { await backend.isSupported }) else {
            throw BackendError(.disabled, operation, reason: "the BitTorrent backend is disabled")
        }
        let listening = try await ask(operation, within: options.callLimit) { await backend.listenEndpoints }
        try admit(job.jobID, variantID, peerID, operation)
        let id = Signal.randomID()
        let body = RequestBtFallback(
            jobID: job.jobID, variantID: variantID, contentIDType: "contentID",
            contentIDValue: job.file.contentID, reason: reason,
            hints: .init(
                preferredPieceSizeBytes: preferredPieceSizeBytes,
                endpoints: listening.isEmpty ? nil : Array(listening.prefix(SignalLimits.endpoints))))
        // One task for all of it, so that whoever ends the request ends it wherever it is.
        let work = Task { () async -> Result<FetchedContent, BackendError> in
            do throws(BackendError) {
                return .success(try await carryOut(body, job, peerID, id, folder, progress, operation))
            } catch {
                return .failure(error)
            }
        }
        requests[id] = Request(peerID: peerID, jobID: job.jobID, variantID: variantID, work: work)
        defer { forget(request: id) }
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

    private func carryOut(
        _ body: RequestBtFallback, _ job: SwarmJob, _ peerID: String, _ id: String, _ folder: String,
        _ progress: (@Sendable (TransferProgress) -> Void)?, _ operation: String
    ) async throws(BackendError) -> FetchedContent {
        let (acks, answer) = AsyncStream.makeStream(of: RequestBtFallbackAck.self)
        requests[id]?.answer = answer
        // From here on: a bus that does not return is no excuse to wait longer.
        let timer = answerTimer(for: id, operation)
        defer { timer.cancel() }
        try await send(signal(to: peerID, .requestBtFallback(body), id: id), within: options.ttl / 2)
        statistics.requests += 1
        var mustTell = true
        defer { if mustTell { sendCancel(to: peerID, jobID: job.jobID, requestID: id) } }
        var ack: RequestBtFallbackAck?
        for await first in acks {
            ack = first
            break
        }
        timer.cancel()
        guard let ack else {
            throw BackendError(.cancelled, operation, reason: "the task was cancelled")
        }
        guard ack.accepted else {
            mustTell = false
            throw BackendError(
                .refused, operation, reason: "the peer refused: \(Self.plain(ack.reason))",
                underlying: Self.plain(ack.reason))
        }
        let content = try await fetch(ack, job, body.variantID, peerID, folder, progress, operation)
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
        answer.yield(ack)
        answer.finish()
    }

    /// Ends a request of this node from outside, whatever it is doing.
    func end(request id: String, with error: BackendError) {
        guard let request = requests[id], request.ending == nil else { return }
        requests[id]?.ending = error
        requests[id]?.answer = nil
        request.work.cancel()
    }

    private func answerTimer(for id: String, _ operation: String) -> Task<Void, any Error> {
        let limit = options.ttl / 2
        return Task { [weak self, clock] in
            try await clock.sleep(for: limit)
            await self?.endUnanswered(
                request: id,
                with: BackendError(
                    .timedOut, operation, reason: "the peer did not answer within \(limit)",
                    remedy: "ask another peer"))
        }
    }

    private func endUnanswered(request id: String, with error: BackendError) {
        guard requests[id]?.answer != nil else { return }
        end(request: id, with: error)
    }

    // MARK: - The transfer

    private func fetch(
        _ ack: RequestBtFallbackAck, _ job: SwarmJob, _ variantID: String, _ peerID: String, _ folder: String,
        _ progress: (@Sendable (TransferProgress) -> Void)?, _ operation: String
    ) async throws(BackendError) -> FetchedContent {
        guard let fallbackID = ack.btFallbackID, let infoHash = try? InfoHash(parsing: fallbackID) else {
            throw BackendError(.malformed, operation, reason: "the peer's fallback ID is no info-hash")
        }
        if let expected = job.variant(id: variantID)?.reference.namedInfoHash, expected != infoHash {
            throw BackendError(
                .contentMismatch, operation, reason: "the peer offers another torrent than the variant names")
        }
        let (policy, backend) = (policy, backend)
        let question = SecurityQuestion(
            action: .fetchFallback, peerID: peerID, jobID: job.jobID, variantID: variantID)
        let decision = try await ask("ask the policy for peer \(peerID)", within: options.ttl) {
            await policy.decide(question)
        }
        if case .deny(let reason) = decision {
            throw BackendError(.refused, operation, reason: "the policy denies it: \(reason)")
        }
        let sources = try await endpoints.sources(
            of: peerID, claimed: ack.endpoints, job: job, variantID: variantID)
        guard !sources.isEmpty else {
            throw BackendError(.noPeer, operation, reason: "nobody knows where the peer can be reached")
        }
        var narrowed = job
        narrowed.sources = sources
        return try await ask(operation, windDown: options.windDown) {
            [narrowed] () async throws(BackendError) in
            try await backend.fetch(
                infoHash: infoHash.description, for: narrowed, into: folder, progress: progress)
        }
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

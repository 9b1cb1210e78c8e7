import NodeInterface
import NodeSupport

// The side that is asked.
extension SwarmSignalHandlers {
    private struct Refusal: Error {
        let reason: FallbackReason
        let detail: String

        init(_ reason: FallbackReason, _ detail: String) {
            self.reason = reason
            self.detail = detail
        }
    }

    /// Begins to answer a request, unless too much is being answered.
    func begin(_ body: RequestBtFallback, _ signal: Signal) {
        let key = RequestKey(peerID: signal.fromPeerID, signalID: signal.signalID)
        guard answers[key] == nil, held[key] == nil else { return drop(.duplicate) }
        let ofPeer = answers.keys.count { $0.peerID == key.peerID }
        guard answers.count < options.answersAtOnce, ofPeer < options.answersAtOncePerPeer else {
            return drop(.overloaded)
        }
        let remaining = signal.expiresAt.since(clock.now)
        guard remaining > .zero else { return drop(.expired) }
        let task = Task {
            let work = Task { await answer(body, key) }
            // An answer that comes too late is worth nothing, and what was prepared for it must go.
            let timer = Task { [clock] in
                try await clock.sleep(for: remaining)
                work.cancel()
            }
            await withTaskCancellationHandler {
                await work.value
            } onCancel: {
                work.cancel()
            }
            timer.cancel()
            answers[key] = nil
        }
        answers[key] = Answer(jobID: body.jobID, task: task)
    }

    private func answer(_ body: RequestBtFallback, _ key: RequestKey) async {
        var ack = RequestBtFallbackAck(
            requestSignalID: key.signalID, jobID: body.jobID, variantID: body.variantID, accepted: false,
            reason: .internalError)
        var detail = ""
        do throws(Refusal) {
            let fallbackID = try await prepare(body, key)
            ack.accepted = true
            ack.reason = .ok
            ack.btFallbackID = fallbackID
            ack.endpoints = Array(await backend.listenEndpoints.prefix(SignalLimits.endpoints))
        } catch {
            ack.reason = error.reason
            detail = error.detail
        }
        // Cancelled by the peer, by its time limit, or because the node stops: then nobody waits for an answer.
        if !Task.isCancelled {
            do throws(BackendError) {
                try await bus.send(signal(to: key.peerID, .requestBtFallbackAck(ack)))
                statistics.answers[ack.reason, default: 0] += 1
                report?(
                    FallbackAnswer(
                        peerID: key.peerID, jobID: body.jobID, variantID: body.variantID, reason: ack.reason,
                        detail: detail))
                if !Task.isCancelled { return }
            } catch {
                statistics.unsentAnswers += 1
            }
        }
        await release(key)
    }

    /// The checks, in the order of the contract, and then the work.
    private func prepare(
        _ body: RequestBtFallback, _ key: RequestKey
    ) async throws(Refusal) -> String {
        let peerID = key.peerID
        guard !body.jobID.isEmpty, !body.variantID.isEmpty else {
            throw Refusal(.missingJobIDOrVariantID, "the request names no job or no variant")
        }
        // Both are always looked up, and both are answered alike: who takes no part learns nothing of a job.
        let stored = await jobs.job(id: body.jobID)
        let takesPart = await jobs.isParticipant(peerID, inJob: body.jobID)
        guard let job = stored, job.variant(id: body.variantID) != nil, takesPart else {
            throw Refusal(
                .unknownJobOrVariant,
                stored == nil
                    ? "the job is not known"
                    : takesPart ? "the job has no such variant" : "the peer takes no part in the job")
        }
        let decision = await policy.decide(
            SecurityQuestion(
                action: .seedFallback, peerID: peerID, jobID: body.jobID, variantID: body.variantID))
        if case .deny(let reason) = decision { throw Refusal(.securityDenied, reason) }
        guard await backend.isSupported else {
            throw Refusal(.btBackendDisabled, "the BitTorrent backend is disabled")
        }
        let sources = await endpoints.sources(
            of: peerID, claimed: body.hints?.endpoints, job: job, variantID: body.variantID)
        guard !sources.isEmpty else {
            throw Refusal(.internalError, "nobody knows where the peer can be reached")
        }
        guard held.count < options.heldFallbacks,
            held.keys.count(where: { $0.peerID == peerID }) < options.heldFallbacksPerPeer
        else { throw Refusal(.internalError, "as many fallbacks as are allowed are held already") }
        // Nobody else becomes a member through this request.
        var narrowed = job
        narrowed.sources = sources
        let fallbackID: String
        do throws(BackendError) {
            fallbackID = try await prepareAlone(
                narrowed, body.variantID, key, body.hints?.preferredPieceSizeBytes)
        } catch {
            throw Refusal(FallbackReason(error.code), error.description)
        }
        hold(fallbackID, job.jobID, for: key)
        return fallbackID
    }

    /// One after the other for a peer and a content, so that no peer can have the same file hashed many times at once.
    private func prepareAlone(
        _ job: SwarmJob, _ variantID: String, _ request: RequestKey, _ preferredPieceSizeBytes: Int64?
    ) async throws(BackendError) -> String {
        let key = ContentKey(peerID: request.peerID, contentID: job.file.contentID)
        let previous = preparations[key]?.task
        let id = nextID()
        let backend = backend
        let task = Task { () async -> Result<String, BackendError> in
            _ = await previous?.value
            do throws(BackendError) {
                guard !Task.isCancelled else {
                    throw BackendError(
                        .cancelled, "prepare job \(job.jobID)", reason: "the request is over")
                }
                return .success(
                    try await backend.preparePrivateTorrent(
                        job: job, variant: variantID, holder: Self.holder(request),
                        preferredPieceSizeBytes: preferredPieceSizeBytes))
            } catch {
                return .failure(error)
            }
        }
        preparations[key] = (id, task)
        let result = await withTaskCancellationHandler {
            await task.value
        } onCancel: {
            task.cancel()
        }
        if preparations[key]?.id == id { preparations[key] = nil }
        return try result.get()
    }

    // MARK: - What is held

    /// Each request holds for itself: what one gives back never takes it from another.
    private static func holder(_ request: RequestKey) -> String {
        "request \(request.signalID) of peer \(request.peerID)"
    }

    private func hold(_ fallbackID: String, _ jobID: String, for request: RequestKey) {
        let expiry = Task { [weak self, clock, options] in
            guard (try? await clock.sleep(for: options.heldFor)) != nil else { return }
            await self?.release(request)
        }
        held[request] = Held(jobID: jobID, fallbackID: fallbackID, expiry: expiry)
    }

    /// Gives back what is held for a request; nothing where nothing is.
    func release(_ request: RequestKey) async {
        guard let gone = held.removeValue(forKey: request) else { return }
        gone.expiry.cancel()
        await backend.release(
            fallbackID: gone.fallbackID, jobID: gone.jobID, holder: Self.holder(request))
    }
}

enum SignalLimits {
    /// Endpoints that one signal names.
    static let endpoints = 16
}

extension FallbackReason {
    /// What a peer is told of a failure.
    fileprivate init(_ code: BackendError.Code) {
        switch code {
        // The torrent runs for another job, or nothing of its kind is allowed here.
        case .refused: self = .securityDenied
        case .disabled: self = .btBackendDisabled
        case .unknownVariant: self = .unknownJobOrVariant
        default: self = .internalError
        }
    }
}

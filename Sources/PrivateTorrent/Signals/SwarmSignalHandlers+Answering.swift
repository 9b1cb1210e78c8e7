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
            return refuseOverloaded(body, signal.fromPeerID, signal.signalID)
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

    /// Says so to the peer, which then need not wait; silently where that, too, is asked too often.
    private func refuseOverloaded(_ body: RequestBtFallback, _ peerID: String, _ requestID: String) {
        guard errandCount < options.answersAtOnce else { return drop(.overloaded) }
        let ack = RequestBtFallbackAck(
            requestSignalID: requestID, jobID: body.jobID, variantID: body.variantID, accepted: false,
            reason: .internalError)
        errand {
            await self.send(
                ack, to: peerID, detail: "as many requests are answered already as at once may be")
        }
    }

    /// - Returns: Whether a channel took it.
    @discardableResult
    private func send(_ ack: RequestBtFallbackAck, to peerID: String, detail: String) async -> Bool {
        do throws(BackendError) {
            try await send(signal(to: peerID, .requestBtFallbackAck(ack)))
        } catch {
            statistics.unsentAnswers += 1
            return false
        }
        statistics.answers[ack.reason, default: 0] += 1
        metrics.answered(ack.reason)
        report?(
            FallbackAnswer(
                peerID: peerID, jobID: ack.jobID, variantID: ack.variantID, reason: ack.reason,
                detail: detail))
        return true
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
            let backend = backend
            let listening = try await asking("ask the backend") { await backend.listenEndpoints }
            ack.endpoints = Array(listening.prefix(SignalLimits.endpoints))
        } catch {
            ack = RequestBtFallbackAck(
                requestSignalID: key.signalID, jobID: body.jobID, variantID: body.variantID, accepted: false,
                reason: error.reason)
            detail = error.detail
        }
        // Cancelled by the peer, by its time limit, or because the node stops: then nobody waits for an answer.
        if !Task.isCancelled, await send(ack, to: key.peerID, detail: detail), !Task.isCancelled, ack.accepted
        {
            return
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
        let (jobs, policy, backend) = (jobs, policy, backend)
        let stored = try await asking("look up the job") { await jobs.job(id: body.jobID) }
        let takesPart = try await asking("look up who takes part in the job") {
            await jobs.isParticipant(peerID, inJob: body.jobID)
        }
        guard let job = stored, job.variant(id: body.variantID) != nil, takesPart else {
            throw Refusal(
                .unknownJobOrVariant,
                stored == nil
                    ? "the job is not known"
                    : takesPart ? "the job has no such variant" : "the peer takes no part in the job")
        }
        let question = SecurityQuestion(
            action: .seedFallback, peerID: peerID, jobID: body.jobID, variantID: body.variantID)
        let decision = try await asking("ask the policy", within: options.ttl) {
            await policy.decide(question)
        }
        if case .deny(let reason) = decision { throw Refusal(.securityDenied, reason) }
        guard try await asking("ask the backend", { await backend.isSupported }) else {
            throw Refusal(.btBackendDisabled, "the BitTorrent backend is disabled")
        }
        let sources: [SwarmSource]
        do throws(BackendError) {
            sources = try await endpoints.sources(
                of: peerID, claimed: body.hints?.endpoints, job: job, variantID: body.variantID)
        } catch {
            throw Refusal(.internalError, error.description)
        }
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

    private func asking<Value: Sendable>(
        _ operation: String, within limit: Duration? = nil, _ body: @escaping @Sendable () async -> Value
    ) async throws(Refusal) -> Value {
        do throws(BackendError) {
            return try await ask(operation, within: limit ?? options.callLimit) { await body() }
        } catch {
            throw Refusal(.internalError, error.description)
        }
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
            _ = await previous?.valueUnlessCancelled()
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
        defer { if preparations[key]?.id == id { preparations[key] = nil } }
        let jobID = job.jobID
        return try await ask(
            "prepare variant \(variantID) of job \(jobID)", windDown: options.windDown,
            late: { await backend.release(fallbackID: $0, jobID: jobID, holder: Self.holder(request)) },
            { () async throws(BackendError) in
                try await withTaskCancellationHandler {
                    await task.value
                } onCancel: {
                    task.cancel()
                }.get()
            })
    }

    // MARK: - What is held

    /// Each request holds for itself: what one gives back never takes it from another.
    private static func holder(_ request: RequestKey) -> String {
        "request \(request.signalID) of peer \(request.peerID)"
    }

    private func hold(_ fallbackID: String, _ jobID: String, for request: RequestKey) {
        let watch = Task { [weak self, clock, options] in
            let end = clock.uptime + options.heldFor
            var lastUsed = clock.uptime
            while clock.uptime < end {
                let pause = min(max(options.heldUnusedFor / 4, .seconds(1)), end - clock.uptime)
                guard (try? await clock.sleep(for: pause)) != nil else { return }
                guard let isInUse = await self?.isInUse(request) else { return }
                if isInUse { lastUsed = clock.uptime }
                guard clock.uptime - lastUsed < options.heldUnusedFor else {
                    await self?.letGoUnused(request)
                    return
                }
            }
            await self?.release(request)
        }
        held[request] = Held(jobID: jobID, fallbackID: fallbackID, watch: watch)
    }

    /// What is not known counts as in use.
    private func isInUse(_ request: RequestKey) async -> Bool {
        guard let held = held[request] else { return true }
        let backend = backend
        let answer = try? await ask("look at fallback \(held.fallbackID)", within: options.callLimit) {
            await backend.isInUse(
                fallbackID: held.fallbackID, jobID: held.jobID, holder: Self.holder(request))
        }
        return answer.flatMap(\.self) ?? true
    }

    private func letGoUnused(_ request: RequestKey) async {
        guard held[request] != nil else { return }
        statistics.unused += 1
        await release(request)
    }

    /// Gives back what is held for requests, all at the same time.
    func release(all requests: [RequestKey]) async {
        await withTaskGroup(of: Void.self) { group in
            for request in requests { group.addTask { await self.release(request) } }
        }
    }

    /// Gives back what is held for a request; nothing where nothing is.
    func release(_ request: RequestKey) async {
        guard let gone = held.removeValue(forKey: request) else { return }
        gone.watch.cancel()
        let (backend, limit) = (backend, options.windDown)
        // A task of its own: it is given back although whoever does that is cancelled.
        await Task {
            try? await ask("release fallback \(gone.fallbackID)", within: limit) {
                await backend.release(
                    fallbackID: gone.fallbackID, jobID: gone.jobID, holder: Self.holder(request))
            }
        }.value
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

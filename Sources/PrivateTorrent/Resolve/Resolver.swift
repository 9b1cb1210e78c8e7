public import NodeInterface
import TorrentEngine

/// Carries out a plan: finds a candidate that has an item's file, and fetches it.
///
/// Torrent candidates go through a `BitTorrentBackend`, all others through the `ContentFetchBackend` of their kind. What
/// is fetched is compared with what the item says before it counts. Any number of plans may be carried out at once.
public struct Resolver: Sendable {
    private var attempts: CandidateAttempt

    /// Makes a resolver.
    ///
    /// - Parameters:
    ///   - backends: The node's content backends. The torrent backend is asked to validate its candidates first; the
    ///     others do that themselves.
    ///   - torrents: Fetches torrent candidates; nil where there is no engine: such candidates then fail with
    ///     `.unsupported`.
    ///   - verifier: Compares a file with the item's hash. Nil: only sizes are compared.
    public init(
        backends: [any ContentBackend] = [], torrents: (any BitTorrentBackend)? = nil,
        verifier: (any FileVerifier)? = nil
    ) {
        attempts = CandidateAttempt(
            backends: Dictionary(backends.map { ($0.type, $0) }, uniquingKeysWith: { first, _ in first }),
            torrents: torrents, verifier: verifier)
    }

    /// How long a backend is waited for once what it does was cancelled; then it is left to itself.
    var windDown: Duration {
        get { attempts.windDown }
        set { attempts.windDown = newValue }
    }

    /// Carries out a plan.
    ///
    /// Each attempt works in a private folder of its own below `folder`, which is gone when this returns or throws. The
    /// file's name is the one that its source gives it, made plain; what stands in `folder` is never replaced: where the
    /// name is taken, a number is added.
    ///
    /// - Parameters:
    ///   - plan: What to try.
    ///   - folder: The absolute path of the folder for the file; made where it is missing.
    ///   - report: Called with each change of a step, one call after the other. It must not block.
    /// - Returns: What became of each step, and the file. No candidate having it is no error: `file` is nil then.
    /// - Throws: `.storage` where the folder cannot be used; `.cancelled`, when nothing is left running or on disk.
    public func resolve(
        _ plan: ResolutionPlan, into folder: String, report: (@Sendable (StepReport) -> Void)? = nil
    ) async throws(BackendError) -> Resolution {
        let place = try await ResolutionFolder.open(folder)
        var resolution = Resolution(
            steps: plan.steps.map { StepReport(id: $0.id, state: .waiting, attempts: []) }, file: nil)
        for (index, step) in plan.steps.enumerated() {
            resolution.steps[index].state = .running
            report?(resolution.steps[index])
            let outcome = await run(step, of: plan, in: place)
            resolution.steps[index] = outcome.report
            if outcome.report.state == .cancelled, let file = outcome.file { await place.discard(file) }
            report?(outcome.report)
            guard outcome.report.state != .cancelled else {
                throw BackendError(
                    .cancelled, "resolve item \(plan.item.itemID)", reason: "the task was cancelled")
            }
            if let file = outcome.file {
                resolution.file = file
                break
            }
        }
        return resolution
    }

    private struct StepOutcome: Sendable {
        var report: StepReport
        var file: ResolvedFile?
    }

    private enum Ended: Sendable {
        case attempt(SourceCandidate, Result<ResolvedFile, BackendError>)
        case timeUp
    }

    private func run(
        _ step: ResolutionStep, of plan: ResolutionPlan, in place: ResolutionFolder
    ) async -> StepOutcome {
        let attempts = attempts
        return await withTaskGroup(of: Ended.self) { group in
            var outcome = StepOutcome(report: StepReport(id: step.id, state: .failed, attempts: []))
            if let timeout = step.timeout {
                group.addTask {
                    try? await Task.sleep(for: timeout)
                    return .timeUp
                }
            }
            var waiting = step.candidates[...]
            var running = 0
            func startNext() {
                guard let candidate = waiting.popFirst() else { return }
                running += 1
                group.addTask { .attempt(candidate, await attempts.fetch(candidate, plan: plan, in: place)) }
            }
            for _ in 0..<step.atOnce { startNext() }
            var isOver = false
            while running > 0, let ended = await group.next() {
                switch ended {
                case .timeUp:
                    // The clock ends early when the step does, or the whole task.
                    if !isOver, !Task.isCancelled { outcome.report.state = .timedOut }
                    isOver = true
                    group.cancelAll()
                case .attempt(let candidate, let result):
                    running -= 1
                    var attempt = AttemptReport(candidateID: candidate.id, backend: candidate.backend)
                    switch result {
                    case .success(let file) where outcome.file == nil:
                        outcome.file = file
                        outcome.report.state = .succeeded
                        isOver = true
                        group.cancelAll()
                    case .success(let file):
                        // Two had it in the same moment: one is enough.
                        await place.discard(file)
                        attempt.error = .notNeeded
                    case .failure(let error):
                        attempt.error = error
                    }
                    outcome.report.attempts.append(attempt)
                    if !isOver, !Task.isCancelled { startNext() }
                }
            }
            group.cancelAll()
            if Task.isCancelled { outcome.report.state = .cancelled }
            return outcome
        }
    }
}

extension BackendError {
    fileprivate static let notNeeded = BackendError(
        .cancelled, "fetch a candidate", reason: "another candidate was faster")
}

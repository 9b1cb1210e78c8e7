import NodeInterface
public import NodeSupport
public import TorrentEngine

/// Keeps an engine to a ``RateSchedule``: looks at the clock every minute, so that a clock that is set, and a change to
/// summer time, are followed too.
public actor RateKeeper {
    private let engine: Engine
    private let clock: NodeClock
    private var schedule = RateSchedule()
    private var applied = RatePlan()
    private var following: Task<Void, Never>?

    /// Makes a keeper; nothing is limited before ``keep(_:)``.
    public init(engine: Engine, clock: NodeClock = .system) {
        self.engine = engine
        self.clock = clock
    }

    deinit { following?.cancel() }

    /// The limits that hold now.
    public var current: RatePlan { applied }

    /// Keeps to another schedule, from now on.
    ///
    /// - Throws: `.versionMismatch` for limits of a class where the engine cannot have them, `.shutDown`.
    public func keep(_ schedule: RateSchedule) async throws(EngineError) {
        self.schedule = schedule
        following?.cancel()
        following = nil
        try await applyPlan()
        guard !schedule.periods.isEmpty else { return }
        following = Task { [clock, weak self] in
            while !Task.isCancelled {
                let untilNextMinute = 60_000 - (clock.now.milliseconds % 60_000 + 60_000) % 60_000
                guard (try? await clock.sleep(for: .milliseconds(untilNextMinute))) != nil, let self,
                    (try? await self.applyPlan()) != nil
                else { return }
            }
        }
    }

    private func applyPlan() async throws(EngineError) {
        let plan = schedule.plan(at: clock.now)
        let former = applied
        guard plan != former else { return }
        applied = plan
        do throws(EngineError) {
            if plan.engine != former.engine { try await engine.setRateLimits(plan.engine) }
            for rateClass in Set(plan.classes.keys).union(former.classes.keys)
            where plan.classes[rateClass] != former.classes[rateClass] {
                try await engine.setRateLimits(plan.classes[rateClass] ?? RateLimits(), of: rateClass)
            }
        } catch {
            applied = former
            throw error
        }
    }
}

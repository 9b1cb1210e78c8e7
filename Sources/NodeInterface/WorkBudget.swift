/// How much work may still be done for somebody. Whoever asks for work supplies it.
public protocol WorkBudget: Sendable {
    /// Takes units, all or none.
    ///
    /// - Parameter units: How many, 0 or more; a negative number is refused.
    /// - Returns: Whether they were there. Where they were not, the work is not done.
    func trySpend(_ units: Int) async -> Bool
}

/// A budget that pays for everything.
public struct UnlimitedWorkBudget: WorkBudget {
    /// Makes the budget.
    public init() {}

    /// Always true, but for a negative number.
    public func trySpend(_ units: Int) async -> Bool { units >= 0 }
}

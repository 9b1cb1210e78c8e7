public import NodeInterface

/// What to try, and in which order, to get one item's file.
public struct ResolutionPlan: Sendable, Hashable {
    /// The item; where it says what the file must be, only such a file is a result.
    public var item: ContentItem
    /// Tried one after the other, until one has the file. Their IDs differ.
    public var steps: [ResolutionStep]
    /// The most that is fetched by one attempt, in bytes. Nil: the size that the item names, and no limit where it names
    /// none.
    public var maximumBytes: UInt64?

    /// Makes a plan.
    public init(item: ContentItem, steps: [ResolutionStep], maximumBytes: UInt64? = nil) {
        self.item = item
        self.steps = steps
        self.maximumBytes = maximumBytes
    }

    /// The limit that holds.
    var effectiveMaximum: UInt64 { maximumBytes ?? item.file?.sizeBytes ?? .max }
}

/// One step of a plan: candidates that are tried, and how.
public struct ResolutionStep: Sendable, Hashable, Identifiable {
    /// How the candidates of a step are tried.
    public enum Order: Sendable, Hashable {
        /// One after the other.
        case cascade
        /// Several at once, at most so many, 1 or more; the first that has the file ends the others.
        case fanOut(atOnce: Int)
    }

    /// The step's ID, unique within its plan.
    public var id: String
    /// The candidates, the best first; of any backends.
    public var candidates: [SourceCandidate]
    /// How they are tried.
    public var order: Order
    /// How long the whole step may take; nil for as long as it needs.
    public var timeout: Duration?

    /// Makes a step.
    public init(
        id: String, candidates: [SourceCandidate], order: Order = .cascade, timeout: Duration? = nil
    ) {
        self.id = id
        self.candidates = candidates
        self.order = order
        self.timeout = timeout
    }

    /// How many candidates are tried at once.
    var atOnce: Int {
        switch order {
        case .cascade: 1
        case .fanOut(let limit): max(1, limit)
        }
    }
}

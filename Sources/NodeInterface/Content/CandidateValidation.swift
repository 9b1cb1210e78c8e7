/// Whether a candidate can be used.
///
/// Later versions may add cases: switch with a default.
public enum CandidateValidation: Sendable, Hashable {
    /// It can; how far it is trusted and how good it is expected to be, 0 … 1 each.
    case valid(trust: Double, quality: Double)
    /// It cannot; why, and in words for people where there is more to say.
    case invalid(CandidateRefusal, detail: String? = nil)

    /// Whether it can be used.
    public var isValid: Bool {
        if case .valid = self { return true }
        return false
    }
}

/// Why a candidate cannot be used.
///
/// Open: a later version may add reasons. JSON has the word.
public struct CandidateRefusal: OpenWord {
    /// The stable word for the reason.
    public let rawValue: String

    /// Makes a reason of its word.
    public init(rawValue: String) { self.rawValue = rawValue }

    /// It is for another kind of backend.
    public static let otherBackend = CandidateRefusal(rawValue: "otherBackend")
    /// The backend is disabled, or not in this build.
    public static let disabled = CandidateRefusal(rawValue: "disabled")
    /// Its reference is not well-formed.
    public static let malformedReference = CandidateRefusal(rawValue: "malformedReference")
    /// Its reference is well-formed, but of a form that this backend cannot fetch.
    public static let unsupportedReference = CandidateRefusal(rawValue: "unsupportedReference")
    /// It is not known to come from a private source.
    public static let unknownProvenance = CandidateRefusal(rawValue: "unknownProvenance")
    /// Its info-hash is not in the set that is allowed for private swarms.
    public static let notAllowed = CandidateRefusal(rawValue: "notAllowed")
    /// Too few have all of it, or it is not known how many.
    public static let tooFewSeeders = CandidateRefusal(rawValue: "tooFewSeeders")
    /// The budget does not pay for a health check.
    public static let budgetExhausted = CandidateRefusal(rawValue: "budgetExhausted")
    /// Nobody who may be in its swarm is known, or nobody could be reached.
    public static let noPeer = CandidateRefusal(rawValue: "noPeer")
    /// The health check ran out of time.
    public static let timedOut = CandidateRefusal(rawValue: "timedOut")
    /// Its metadata is nothing that a private swarm may carry.
    public static let refusedContent = CandidateRefusal(rawValue: "refusedContent")
    /// Its content is not the item's: the size differs.
    public static let contentMismatch = CandidateRefusal(rawValue: "contentMismatch")
    /// The check itself failed; the detail has the words.
    public static let checkFailed = CandidateRefusal(rawValue: "checkFailed")
}

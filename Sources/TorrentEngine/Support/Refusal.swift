/// Why a text or value is not accepted, before it is known what it was wanted for.
struct Refusal: Error {
    let code: EngineError.Code
    let reason: String
    let remedy: String?

    /// The text does not have the form.
    static func malformed(_ reason: String, remedy: String? = nil) -> Refusal {
        Refusal(code: .malformed, reason: reason, remedy: remedy)
    }

    /// The form is right, the value is not allowed.
    static func invalid(_ reason: String, remedy: String? = nil) -> Refusal {
        Refusal(code: .invalidArgument, reason: reason, remedy: remedy)
    }

    /// Runs `body` and names the operation where it refuses.
    static func naming<Result>(
        _ operation: @autoclosure () -> String, _ body: () throws(Refusal) -> Result
    ) throws(EngineError) -> Result {
        do {
            return try body()
        } catch {
            throw EngineError(error.code, operation(), reason: error.reason, remedy: error.remedy)
        }
    }
}

import NodeControl
import TorrentEngine

/// Why a command ends without success: what the `error` object says.
struct Failure: Error, Hashable {
    /// A stable word.
    let code: String
    let status: ExitStatus
    let message: String
    let remedy: String?
    var isCancellation = false

    init(_ code: String, _ status: ExitStatus, _ message: String, remedy: String? = nil) {
        self.code = code
        self.status = status
        self.message = message
        self.remedy = remedy
    }

    /// An error of the engine's, with another exit status where the place says more than the code does.
    init(_ error: EngineError, status: ExitStatus? = nil) {
        self.init(
            error.code.description, status ?? ExitStatus(error.code), Self.text(of: error),
            remedy: error.remedy)
        isCancellation = error.code == .cancelled
    }

    /// Why a node was not asked, or what it answered.
    init(_ error: ControlClientError) {
        let (code, status): (String, ExitStatus) =
            switch error {
            case .noNode: ("noNode", .unavailable)
            case .noAccess: ("noAccess", .unavailable)
            case .problem(let problem): (problem.code, ExitStatus(word: problem.code))
            case .notUnderstood: ("notUnderstood", .badData)
            case .noAnswer: ("noAnswer", .unavailable)
            case .cutOff: ("cutOff", .unavailable)
            case .cancelled: ("cancelled", .software)
            }
        self.init(code, status, "\(error)", remedy: error.remedy)
        isCancellation = error == .cancelled
    }

    /// The error's sentence, with the path where the sentence does not name it.
    private static func text(of error: EngineError) -> String {
        let text = "\(error)"
        guard let path = error.path, !text.contains(path) else { return text }
        return "\(text) (\(path))"
    }

    /// The failure that an error stands for; nil for the argument parser's own errors, and for what nobody foresaw.
    init?(of error: any Error) {
        switch error {
        case let failure as Failure: self = failure
        case let error as EngineError: self.init(error, status: nil)
        case let error as ControlClientError: self.init(error)
        case is CancellationError:
            self.init("cancelled", .software, "the command was cancelled")
            isCancellation = true
        default: return nil
        }
    }

    /// The user's mistake.
    static func usage(_ message: String, remedy: String? = nil) -> Failure {
        Failure("usage", .usage, message, remedy: remedy)
    }

    /// Runs `body`, whose errors are about the value of an option: the user's mistake, whatever their code.
    static func inOption<Result>(
        _ option: String, _ body: () throws(EngineError) -> Result
    ) throws(Failure) -> Result {
        do {
            return try body()
        } catch {
            throw .usage("\(option): \(error)", remedy: error.remedy)
        }
    }
}

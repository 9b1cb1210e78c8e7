/// Why a node was not asked, or did not do what it was asked for.
public enum ControlClientError: Error, Sendable, Hashable {
    /// No node serves at the path.
    case noNode(path: String, reason: String)
    /// The socket is another user's, or its folder is.
    case noAccess(path: String)
    /// The node's answer: why it did not do it.
    case problem(Problem)
    /// What came is no answer of this API.
    case notUnderstood(path: String, reason: String)
    /// It took the question, and has not answered within that time.
    case noAnswer(path: String, within: Duration)
    /// The connection ended before the answer.
    case cutOff(path: String)
    /// The task was cancelled.
    case cancelled

    /// What to do about it, where something can be done.
    public var remedy: String? {
        switch self {
        case .noNode: "start one with swarmd, or name its socket with --socket"
        case .noAccess: "run as the user of the node"
        case .problem(let problem): problem.remedy
        case .notUnderstood: "use the version of the node"
        case .noAnswer: "see its log and whether it or its disk hangs; then restart it"
        case .cutOff, .cancelled: nil
        }
    }
}

extension ControlClientError: CustomStringConvertible {
    /// One sentence.
    public var description: String {
        switch self {
        case .noNode(let path, let reason): "no node runs at \(path): \(reason)"
        case .noAccess(let path): "no access to the node at \(path)"
        case .problem(let problem): problem.detail
        case .notUnderstood(let path, let reason): "the answer of \(path) is not understood: \(reason)"
        case .noAnswer(let path, let limit):
            "the node at \(path) has not answered for \(limit.components.seconds) s"
        case .cutOff(let path): "\(path) ended the connection before its answer"
        case .cancelled: "the task was cancelled"
        }
    }
}

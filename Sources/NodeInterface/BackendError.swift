/// What a backend could not do, why, and what to do about it.
///
/// `code` is open: a later version may add codes, so switch with a `default`.
public struct BackendError: Error, Sendable, Hashable {
    /// The kind of failure.
    public struct Code: Sendable, Hashable, CustomStringConvertible {
        enum Value: String, Sendable {
            case unsupported, disabled, invalidOptions, unknownVariant, malformed, limitExceeded, refused,
                noPeer
            case timedOut, contentMismatch, noSuchFile, ambiguousFile, storage, network, cancelled, shutDown
            case internalFailure
        }

        let value: Value

        /// A stable, lower-camel-case word for the code, as printed in JSON.
        public var description: String { value.rawValue }

        /// This backend or build cannot do it at all.
        public static let unsupported = Code(value: .unsupported)
        /// The options have the backend switched off.
        public static let disabled = Code(value: .disabled)
        /// An option is out of its range, or contradicts another.
        public static let invalidOptions = Code(value: .invalidOptions)
        /// The job has no variant of that ID.
        public static let unknownVariant = Code(value: .unknownVariant)
        /// A reference, torrent or magnet link is not well-formed.
        public static let malformed = Code(value: .malformed)
        /// Well-formed, but over a limit on size, files or pieces.
        public static let limitExceeded = Code(value: .limitExceeded)
        /// Well-formed, but policy or private mode does not allow it.
        public static let refused = Code(value: .refused)
        /// Nobody who may be in the swarm is known, or nobody could be reached.
        public static let noPeer = Code(value: .noPeer)
        /// A limit on time ran out.
        public static let timedOut = Code(value: .timedOut)
        /// What was fetched is not what the job says: size or hash differ.
        public static let contentMismatch = Code(value: .contentMismatch)
        /// The content has no file like the one that is wanted.
        public static let noSuchFile = Code(value: .noSuchFile)
        /// The content has several files, and more than one fits what is said of the one that is wanted.
        public static let ambiguousFile = Code(value: .ambiguousFile)
        /// The file system refuses or fails.
        public static let storage = Code(value: .storage)
        /// The network fails.
        public static let network = Code(value: .network)
        /// The task was cancelled; nothing of it is left running.
        public static let cancelled = Code(value: .cancelled)
        /// The backend is stopping or has stopped.
        public static let shutDown = Code(value: .shutDown)
        /// Anything else; `underlying` has the words of the layer below.
        public static let internalFailure = Code(value: .internalFailure)
    }

    /// The kind of failure.
    public let code: Code
    /// What was being done, and to what: "prepare variant v1 of job 7".
    public let operation: String
    /// Why it failed.
    public let reason: String
    /// What the user or caller can do, where something can be done.
    public let remedy: String?
    /// The words of the error of the layer below, where there was one.
    public let underlying: String?

    /// Makes an error.
    public init(
        _ code: Code, _ operation: String, reason: String, remedy: String? = nil, underlying: String? = nil
    ) {
        self.code = code
        self.operation = operation
        self.reason = reason
        self.remedy = remedy
        self.underlying = underlying
    }
}

extension BackendError: CustomStringConvertible {
    /// One sentence: "cannot prepare variant v1 of job 7: the backend is disabled".
    public var description: String { "cannot \(operation): \(reason)" }
}

import NodeInterface
import TorrentEngine

extension Problem {
    /// The problem that an error is.
    init(of error: any Error) {
        switch error {
        case let problem as Problem: self = problem
        case let error as EngineError: self.init(error)
        case let error as BackendError: self.init(error)
        case is CancellationError: self.init(503, "cancelled", "the request was cancelled")
        default: self.init(500, "internalFailure", "\(error)")
        }
    }

    init(_ error: EngineError) {
        self.init(
            Self.status(error.code), error.code.description, error.description, remedy: error.remedy,
            path: error.path)
    }

    init(_ error: BackendError) {
        self.init(Self.status(error.code), error.code.description, error.description, remedy: error.remedy)
    }

    private static func status(_ code: EngineError.Code) -> Int {
        switch code {
        case .invalidArgument, .malformed: 400
        case .torrentNotFound: 404
        case .duplicateTorrent, .fileExists, .contentMismatch, .contentChanged, .wrongState, .inUse: 409
        case .limitExceeded, .refusedByPrivateMode, .inputMissing, .nothingToShare, .permissionDenied,
            .noMember,
            .noSuchFile, .unsupported, .addressNotAvailable, .addressInUse:
            422
        case .cancelled, .shutDown: 503
        case .timedOut: 504
        case .diskFull: 507
        default: 500
        }
    }

    private static func status(_ code: BackendError.Code) -> Int {
        switch code {
        case .malformed, .invalidOptions: 400
        case .unknownVariant: 404
        case .contentMismatch, .disabled, .ambiguousFile: 409
        case .limitExceeded, .refused, .noPeer, .noSuchFile, .unsupported: 422
        case .cancelled, .shutDown: 503
        case .timedOut: 504
        default: 500
        }
    }
}

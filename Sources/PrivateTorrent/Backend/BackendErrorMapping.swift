import NodeInterface
import TorrentEngine

extension BackendError {
    /// The engine's error in the node's terms.
    init(_ error: EngineError) {
        self.init(
            Code(error.code), error.operation, reason: error.reason, remedy: error.remedy,
            underlying: error.code.description)
    }
}

extension BackendError.Code {
    init(_ code: EngineError.Code) {
        switch code {
        case .malformed: self = .malformed
        case .limitExceeded: self = .limitExceeded
        case .refusedByPrivateMode: self = .refused
        case .duplicateTorrent: self = .refused
        case .noMember: self = .noPeer
        case .timedOut: self = .timedOut
        case .contentMismatch, .contentChanged: self = .contentMismatch
        case .noSuchFile: self = .invalidOptions
        case .inputMissing, .nothingToShare, .fileExists, .diskFull, .permissionDenied, .inputOutput,
            .inUse:
            self = .storage
        case .network, .addressInUse, .addressNotAvailable: self = .network
        case .cancelled: self = .cancelled
        case .shutDown, .torrentNotFound: self = .shutDown
        case .unsupported, .versionMismatch: self = .unsupported
        default: self = .internalFailure
        }
    }
}

/// Runs engine code where the node's errors are expected.
func translatingErrors<Value>(
    _ body: () async throws(EngineError) -> Value
) async throws(BackendError) -> Value {
    do throws(EngineError) {
        return try await body()
    } catch {
        throw BackendError(error)
    }
}

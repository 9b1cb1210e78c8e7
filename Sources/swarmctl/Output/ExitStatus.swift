import TorrentEngine

/// An exit status of the process, by the words of sysexits.h.
struct ExitStatus: Sendable, Hashable {
    let code: Int32

    static let success = ExitStatus(code: 0)
    /// Something is not as it should be (`doctor`).
    static let warnings = ExitStatus(code: 1)
    /// Something does not work (`doctor`).
    static let troubles = ExitStatus(code: 2)
    static let usage = ExitStatus(code: 64)
    static let badData = ExitStatus(code: 65)
    static let inputMissing = ExitStatus(code: 66)
    static let unavailable = ExitStatus(code: 69)
    static let software = ExitStatus(code: 70)
    /// A pattern matches no file of the torrent.
    static let noSuchFile = ExitStatus(code: 72)
    /// The system does not let us find out (`leakcheck`).
    static let unchecked = ExitStatus(code: 71)
    static let inTheWay = ExitStatus(code: 73)
    static let disk = ExitStatus(code: 74)
    /// What is as it is now does not allow it.
    static let notNow = ExitStatus(code: 75)
    /// Something left a swarm (`leakcheck`).
    static let leaked = ExitStatus(code: 76)
    static let refused = ExitStatus(code: 77)
    /// A configuration with mistakes.
    static let configuration = ExitStatus(code: 78)

    /// The one table from the engine's codes to statuses; a code that is not in it is our own fault.
    static let byCode: [EngineError.Code: ExitStatus] = [
        .invalidArgument: .usage, .nothingToShare: .usage,
        .malformed: .badData, .limitExceeded: .badData, .contentMismatch: .badData, .contentChanged: .badData,
        .inputMissing: .inputMissing, .torrentNotFound: .inputMissing, .noSuchFile: .noSuchFile,
        .noMember: .unavailable, .timedOut: .unavailable, .network: .unavailable,
        .addressInUse: .unavailable, .addressNotAvailable: .unavailable,
        .fileExists: .inTheWay, .inUse: .inTheWay, .duplicateTorrent: .inTheWay,
        .diskFull: .disk, .permissionDenied: .disk, .inputOutput: .disk,
        .refusedByPrivateMode: .refused,
        .outOfMemory: .software, .versionMismatch: .software, .cancelled: .software,
        .wrongState: .notNow, .shutDown: .unavailable,
        .unsupported: .software, .internalFailure: .software,
    ]

    init(code: Int32) { self.code = code }

    /// That of the engine's code with that word; a node may know others.
    init(word: String) {
        self = Self.byCode.first { $0.key.description == word }?.value ?? Self.byNodesCode[word] ?? .software
    }

    /// What only a node says (Docs/Control.md).
    private static let byNodesCode: [String: ExitStatus] = [
        "badRequest": .usage, "notFound": .inputMissing, "forbidden": .unavailable, "notReady": .unavailable,
        "tooMany": .unavailable, "tooLarge": .badData,
    ]

    init(_ code: EngineError.Code) { self = Self.byCode[code] ?? .software }
}

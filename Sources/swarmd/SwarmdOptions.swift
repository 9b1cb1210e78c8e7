import Logging
import NodeControl
import NodeInterface
import TorrentEngine

/// What `swarmd` itself is told, below `Swarmd` in its file.
struct SwarmdOptions: Sendable, Hashable {
    /// How its log is written.
    enum LogFormat: String, Sendable, CaseIterable {
        /// A line for people.
        case human
        /// A JSON object a line.
        case json
    }

    /// Where the engine listens. Key: `Listen`; at least one.
    var listen: [ListenAddress] = []
    /// The state directory. Key: `StateDirectory`; an absolute path.
    var stateDirectory = ""
    /// The control socket. Key: `ControlSocket`; by default where everybody looks for it.
    var controlSocket = ControlSocketPath.standard()
    /// Where a browser is served; nil for nowhere. Keys: `Control:Listen`, `Control:TokenFile`.
    var loopback: LoopbackOptions?
    /// Bytes of fetched content that may be kept; nil for no limit. Key: `BudgetBytes`.
    var budgetBytes: UInt64?
    /// Bytes that are left free where files are. Key: `FreeSpaceFloorBytes`.
    var freeSpaceFloor: UInt64 = 0
    /// Key: `Log:Level`; live.
    var logLevel = Logger.Level.info
    /// Key: `Log:Format`; live.
    var logFormat = LogFormat.human
    /// Whether info-hashes are cut short and addresses left out. Key: `Log:Redact`; live.
    var redactsLog = true

    /// What differs, and counts only at a start.
    func fixedChanges(from former: SwarmdOptions) -> [String] {
        var out: [String] = []
        if listen != former.listen { out.append("Listen") }
        if stateDirectory != former.stateDirectory { out.append("StateDirectory") }
        if controlSocket != former.controlSocket { out.append("ControlSocket") }
        if loopback != former.loopback { out.append("Control") }
        if budgetBytes != former.budgetBytes { out.append("BudgetBytes") }
        if freeSpaceFloor != former.freeSpaceFloor { out.append("FreeSpaceFloorBytes") }
        return out
    }
}

package import Logging
package import NodeControl
package import TorrentEngine

/// What `swarmd` itself is told, below `Swarmd` in its file.
package struct SwarmdOptions: Sendable, Hashable {
    /// How its log is written.
    package enum LogFormat: String, Sendable, CaseIterable {
        /// A line for people.
        case human
        /// A JSON object a line.
        case json
    }

    /// Where the engine listens. Key: `Listen`; at least one.
    package var listen: [ListenAddress] = []
    /// The state directory. Key: `StateDirectory`; an absolute path.
    package var stateDirectory = ""
    /// The control socket. Key: `ControlSocket`; by default where everybody looks for it.
    package var controlSocket = ControlSocketPath.standard()
    /// Where a browser is served; nil for nowhere. Keys: `Control:Listen`, `Control:TokenFile`.
    package var loopback: LoopbackOptions?
    /// Bytes of fetched content that may be kept; nil for no limit. Key: `BudgetBytes`.
    package var budgetBytes: UInt64?
    /// Bytes that are left free where files are. Key: `FreeSpaceFloorBytes`.
    package var freeSpaceFloor: UInt64 = 0
    /// Key: `Log:Level`; live.
    package var logLevel = Logger.Level.info
    /// Key: `Log:Format`; live.
    package var logFormat = LogFormat.human
    /// Whether info-hashes are cut short and addresses left out. Key: `Log:Redact`; live.
    package var redactsLog = true

    package init() {}
}

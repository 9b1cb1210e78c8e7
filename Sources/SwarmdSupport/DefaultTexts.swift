import Logging
import PrivateTorrent
import TorrentEngine

extension SwarmdKey {
    /// What counts for it in `options`; nil where nothing does.
    func text(of options: SwarmdOptions) -> String? {
        switch self {
        case .listen: options.listen.isEmpty ? nil : options.listen.map(\.description).joined(separator: ", ")
        case .stateDirectory: options.stateDirectory.isEmpty ? nil : options.stateDirectory
        case .controlSocket: options.controlSocket
        case .browserListen, .tokenFile: nil
        case .budgetBytes: options.budgetBytes.map(String.init)
        case .freeSpaceFloor: String(options.freeSpaceFloor)
        case .logLevel: options.logLevel.rawValue
        case .logFormat: options.logFormat.rawValue
        case .redactsLog: String(options.redactsLog)
        }
    }
}

extension OptionKey {
    /// The keys that have a value of their own, and no keys below.
    static var leaves: [OptionKey] { allCases.filter { $0 != .limits && $0 != .privateMode } }

    /// Whose values are addresses of members.
    var isSecret: Bool { self == .inviteList }

    /// What counts where nothing is said; nil where nothing does.
    var defaultText: String? {
        let defaults = TorrentBackendOptions()
        return switch self {
        case .enabled: String(defaults.enabled)
        case .minimumSeeders: String(defaults.minimumSeeders)
        case .maxCandidatesPerItem: String(defaults.maxCandidatesPerItem)
        case .queryTimeoutSeconds: String(defaults.queryTimeoutSeconds)
        case .privateOnly, .disableDHT, .disablePEX, .allowedPeerSources, .inviteList, .privateMode, .limits,
            .rates, .rateSchedule, .rateTimeZone:
            nil
        }
    }
}

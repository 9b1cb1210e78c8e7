/// The keys of the options, below ``TorrentBackendOptions/keyPrefix``.
package enum OptionKey: String, CaseIterable, Sendable {
    case enabled = "Enabled"
    case minimumSeeders = "MinimumSeeders"
    case maxCandidatesPerItem = "MaxCandidatesPerItem"
    case queryTimeoutSeconds = "QueryTimeoutSeconds"
    case limits = "Limits"
    case rates = "Limits:Rates"
    case rateSchedule = "Limits:Schedule"
    case rateTimeZone = "Limits:TimeZone"
    case privateMode = "PrivateMode"
    case privateOnly = "PrivateMode:PrivateOnly"
    case disableDHT = "PrivateMode:DisableDht"
    case disablePEX = "PrivateMode:DisablePex"
    case allowedPeerSources = "PrivateMode:AllowedPeerSources"
    case inviteList = "PrivateMode:InviteList"

    /// The words of the prefix.
    package static let prefix = ["VirtualSoulfindV2", "Torrent"]

    /// The words of the key, prefix and all.
    package var path: [String] { Self.prefix + rawValue.split(separator: ":").map(String.init) }

    /// The whole key: `VirtualSoulfindV2:Torrent:PrivateMode:InviteList`.
    package var full: String { path.joined(separator: ":") }
}

import Configuration
import NodeInterface
import PrivateTorrent

/// Reads the options out of providers, the first of them first, and collects what is wrong.
struct OptionsBinder {
    let snapshots: [any ConfigSnapshot]
    private(set) var problems: [BackendError] = []

    init(_ snapshots: [any ConfigSnapshot]) { self.snapshots = snapshots }

    mutating func read() -> TorrentBackendOptions {
        let defaults = TorrentBackendOptions()
        let options = TorrentBackendOptions(
            enabled: bool(.enabled, default: defaults.enabled),
            minimumSeeders: int(.minimumSeeders, default: defaults.minimumSeeders),
            maxCandidatesPerItem: int(.maxCandidatesPerItem, default: defaults.maxCandidatesPerItem),
            queryTimeoutSeconds: int(.queryTimeoutSeconds, default: defaults.queryTimeoutSeconds),
            privateMode: privateMode(), limits: limits())
        problems += options.problems()
        return options
    }

    private mutating func limits() -> RateLimitOptions {
        _ = hasSection(.limits)
        return RateLimitOptions(
            rates: string(.rates) ?? "",
            schedule: value(.rateSchedule, .stringArray) {
                if case .stringArray(let list) = $0 { list } else { nil }
            } ?? [], timeZone: string(.rateTimeZone))
    }

    private mutating func string(_ key: OptionKey) -> String? {
        value(key, .string) { if case .string(let text) = $0 { text } else { nil } }
    }

    /// Whether a section is named, with something in it or nothing. A value in its place is a problem.
    private mutating func hasSection(_ key: OptionKey) -> Bool {
        guard let text = string(key) else { return false }
        if !text.isEmpty {
            add(key, reason: "it is a section, and no value of its own", remedy: "put its keys below it")
        }
        return true
    }

    /// It is there where anything of it is, or where it is named with nothing in it.
    private mutating func privateMode() -> PrivateModeOptions? {
        let before = problems.count
        let defaults = PrivateModeOptions()
        let privateOnly = optionalBool(.privateOnly)
        let disableDHT = optionalBool(.disableDHT)
        let disablePEX = optionalBool(.disablePEX)
        let sources = peerSources()
        let invites = value(.inviteList, .stringArray) {
            if case .stringArray(let list) = $0 { list } else { nil }
        }
        let isPresent =
            hasSection(.privateMode) || problems.count > before || privateOnly != nil || disableDHT != nil
            || disablePEX != nil || sources != nil || invites != nil
        guard isPresent else { return nil }
        return PrivateModeOptions(
            privateOnly: privateOnly ?? defaults.privateOnly, disableDHT: disableDHT ?? defaults.disableDHT,
            disablePEX: disablePEX ?? defaults.disablePEX,
            allowedPeerSources: sources ?? defaults.allowedPeerSources,
            inviteList: invites ?? defaults.inviteList)
    }

    private mutating func peerSources() -> AllowedPeerSources? {
        guard
            let word = value(
                .allowedPeerSources, .string, { if case .string(let text) = $0 { text } else { nil } })
        else { return nil }
        if let sources = AllowedPeerSources(word: word) { return sources }
        add(
            .allowedPeerSources, reason: "\"\(word)\" is no peer source",
            remedy: "give one of \(AllowedPeerSources.words)")
        return nil
    }

    private mutating func bool(_ key: OptionKey, default fallback: Bool) -> Bool {
        optionalBool(key) ?? fallback
    }

    private mutating func optionalBool(_ key: OptionKey) -> Bool? {
        value(key, .bool) { if case .bool(let flag) = $0 { flag } else { nil } }
    }

    private mutating func int(_ key: OptionKey, default fallback: Int) -> Int {
        value(key, .int) { if case .int(let number) = $0 { number } else { nil } } ?? fallback
    }

    /// The value that the first provider has which has one. One that is there and wrong is a problem, and hides none
    /// of a later provider.
    private mutating func value<Value>(
        _ key: OptionKey, _ type: ConfigType, _ unwrap: (ConfigContent) -> Value?
    ) -> Value? {
        for snapshot in snapshots {
            do {
                let found = try snapshot.value(forKey: AbsoluteConfigKey(key.path), type: type)
                if let content = found.value?.content { return unwrap(content) }
            } catch {
                add(key, reason: "\(error)")
                return nil
            }
        }
        return nil
    }

    private mutating func add(_ key: OptionKey, reason: String, remedy: String? = nil) {
        problems.append(
            BackendError(.invalidOptions, "use \(key.full)", reason: reason, remedy: remedy))
    }
}

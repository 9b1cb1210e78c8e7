public import NodeInterface
public import TorrentEngine

/// What private mode demands; its presence in ``TorrentBackendOptions`` turns private mode on.
///
/// The engine never runs DHT, PEX, local discovery, trackers or web seeds, with or without these options. They say
/// what the node may count on, and who may be a member.
public struct PrivateModeOptions: Sendable, Hashable {
    /// Whether only candidates from private sources are taken; default true.
    ///
    /// Key: `PrivateOnly`.
    public var privateOnly: Bool
    /// Whether DHT is off; default true, and false is refused.
    ///
    /// Key: `DisableDht`.
    public var disableDHT: Bool
    /// Whether peer exchange is off; default true, and false is refused.
    ///
    /// Key: `DisablePex`.
    public var disablePEX: Bool
    /// Where members may come from; default both.
    ///
    /// Key: `AllowedPeerSources`.
    public var allowedPeerSources: AllowedPeerSources
    /// Who is invited: addresses, CIDR blocks, `10.0.0.1:6881`, `[2001:db8::1]:6881`; default nobody.
    ///
    /// Key: `InviteList`.
    public var inviteList: [String]

    /// Makes options; what is not given has its default.
    public init(
        privateOnly: Bool = true, disableDHT: Bool = true, disablePEX: Bool = true,
        allowedPeerSources: AllowedPeerSources = .both, inviteList: [String] = []
    ) {
        self.privateOnly = privateOnly
        self.disableDHT = disableDHT
        self.disablePEX = disablePEX
        self.allowedPeerSources = allowedPeerSources
        self.inviteList = inviteList
    }

    /// Checks the values, each and against each other.
    ///
    /// - Throws: `BackendError.Code.invalidOptions` with everything that is wrong: each value by its key, each
    ///   contradiction by both of its keys.
    public func validate() throws(BackendError) {
        if let error = BackendError.invalidOptions(problems()) { throw error }
    }

    /// Everything that ``validate()`` would throw, one by one.
    public func problems() -> [BackendError] {
        [
            refusalToOpen(.disableDHT, isDisabled: disableDHT, channel: "DHT"),
            refusalToOpen(.disablePEX, isDisabled: disablePEX, channel: "peer exchange"),
        ].compactMap { $0 } + readInviteList().problems
    }

    /// The rules of the invite list, whether or not ``allowedPeerSources`` lets them count.
    ///
    /// - Throws: `BackendError.Code.invalidOptions` for the entries that are no rules, naming each by its key, with
    ///   its index counted from 0.
    public func inviteRules() throws(BackendError) -> AddressRuleList {
        let (list, problems) = readInviteList()
        if let error = BackendError.invalidOptions(problems) { throw error }
        return list
    }

    private func readInviteList() -> (list: AddressRuleList, problems: [BackendError]) {
        var list = AddressRuleList()
        var problems: [BackendError] = []
        for (index, entry) in inviteList.enumerated() {
            do {
                list.rules.append(try AddressRule(parsing: entry))
            } catch {
                problems.append(
                    BackendError(
                        .invalidOptions, "\(error.operation) of \(OptionKey.inviteList.full):\(index)",
                        reason: error.reason, remedy: error.remedy, underlying: error.description))
            }
        }
        return (list, problems)
    }

    private func refusalToOpen(_ key: OptionKey, isDisabled: Bool, channel: String) -> BackendError? {
        guard !isDisabled else { return nil }
        return BackendError(
            .invalidOptions, "use \(key.full)=false",
            reason: privateOnly
                ? "\(OptionKey.privateOnly.full)=true and \(key.full)=false contradict each other"
                : "the engine has no \(channel): it is off at all times and cannot be turned on",
            remedy: "remove \(key.full), or set it to true")
    }
}

extension PrivateModeOptions: Codable {
    private enum CodingKeys: String, CodingKey {
        case privateOnly = "PrivateOnly"
        case disableDHT = "DisableDht"
        case disablePEX = "DisablePex"
        case allowedPeerSources = "AllowedPeerSources"
        case inviteList = "InviteList"
    }

    /// Reads the keys; one that is absent has its default.
    ///
    /// Does not validate.
    public init(from decoder: any Decoder) throws {
        let keys = try decoder.container(keyedBy: CodingKeys.self)
        let defaults = PrivateModeOptions()
        privateOnly = try keys.decodeIfPresent(Bool.self, forKey: .privateOnly) ?? defaults.privateOnly
        disableDHT = try keys.decodeIfPresent(Bool.self, forKey: .disableDHT) ?? defaults.disableDHT
        disablePEX = try keys.decodeIfPresent(Bool.self, forKey: .disablePEX) ?? defaults.disablePEX
        allowedPeerSources =
            try keys.decodeIfPresent(AllowedPeerSources.self, forKey: .allowedPeerSources)
            ?? defaults.allowedPeerSources
        inviteList = try keys.decodeIfPresent([String].self, forKey: .inviteList) ?? defaults.inviteList
    }
}

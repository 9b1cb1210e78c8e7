public import NodeInterface

/// The options of the torrent backend: the node's keys under `VirtualSoulfindV2:Torrent`.
public struct TorrentBackendOptions: Sendable, Hashable {
    /// The prefix of the keys in the node's configuration.
    public static let keyPrefix = OptionKey.prefix.joined(separator: ":")

    /// Whether the backend is on; default false.
    ///
    /// Key: `Enabled`.
    public var enabled: Bool
    /// With fewer seeders something is no candidate; 0 or more, default 2.
    ///
    /// Key: `MinimumSeeders`.
    public var minimumSeeders: Int
    /// How many candidates are offered for an item at most; 1 or more, default 10.
    ///
    /// Key: `MaxCandidatesPerItem`.
    public var maxCandidatesPerItem: Int
    /// How long a query for metadata or health may take, in seconds; 1 … 86,400, default 30.
    ///
    /// Key: `QueryTimeoutSeconds`.
    public var queryTimeoutSeconds: Int
    /// Private mode; default nil, which turns off only the filter of candidates: the engine is private all the same.
    ///
    /// Key: `PrivateMode`; an empty object counts as present.
    public var privateMode: PrivateModeOptions?
    /// Rate limits, by time of day; default none.
    ///
    /// Key: `Limits`.
    public var limits: RateLimitOptions

    /// Makes options; what is not given has its default.
    public init(
        enabled: Bool = false, minimumSeeders: Int = 2, maxCandidatesPerItem: Int = 10,
        queryTimeoutSeconds: Int = 30, privateMode: PrivateModeOptions? = nil,
        limits: RateLimitOptions = RateLimitOptions()
    ) {
        self.enabled = enabled
        self.minimumSeeders = minimumSeeders
        self.maxCandidatesPerItem = maxCandidatesPerItem
        self.queryTimeoutSeconds = queryTimeoutSeconds
        self.privateMode = privateMode
        self.limits = limits
    }

    /// Checks the values, each and against each other, whether or not the backend is on.
    ///
    /// - Throws: `BackendError.Code.invalidOptions` with everything that is wrong: each value by its key, each
    ///   contradiction by both of its keys.
    public func validate() throws(BackendError) {
        if let error = BackendError.invalidOptions(problems()) { throw error }
    }

    /// Everything that ``validate()`` would throw, one by one.
    public func problems() -> [BackendError] {
        [
            Self.check(.minimumSeeders, minimumSeeders, in: 0...Int.max, "0 or more"),
            Self.check(.maxCandidatesPerItem, maxCandidatesPerItem, in: 1...Int.max, "1 or more"),
            Self.check(.queryTimeoutSeconds, queryTimeoutSeconds, in: 1...86_400, "1 to 86400"),
        ].compactMap { $0 } + (privateMode?.problems() ?? []) + limits.problems()
    }

    private static func check(
        _ key: OptionKey, _ value: Int, in range: ClosedRange<Int>, _ allowed: String
    ) -> BackendError? {
        guard !range.contains(value) else { return nil }
        return BackendError(
            .invalidOptions, "use \(key.full)=\(value)", reason: "the value is out of range",
            remedy: "give \(allowed)")
    }
}

extension BackendError {
    /// All problems as one error; nil where there are none.
    package static func invalidOptions(_ problems: [BackendError]) -> BackendError? {
        guard let first = problems.first, problems.count > 1 else { return problems.first }
        // A remedy that several share is said once.
        var remedies: [String] = []
        for remedy in problems.compactMap(\.remedy) where !remedies.contains(remedy) {
            remedies.append(remedy)
        }
        return BackendError(
            first.code, "use the options: \(problems.count) are wrong",
            reason: problems.map { "cannot \($0.operation): \($0.reason)" }.joined(separator: "; "),
            remedy: remedies.isEmpty ? nil : remedies.joined(separator: "; "))
    }
}

extension TorrentBackendOptions: Codable {
    private enum CodingKeys: String, CodingKey {
        case enabled = "Enabled"
        case minimumSeeders = "MinimumSeeders"
        case maxCandidatesPerItem = "MaxCandidatesPerItem"
        case queryTimeoutSeconds = "QueryTimeoutSeconds"
        case privateMode = "PrivateMode"
        case limits = "Limits"
    }

    /// Reads the keys; one that is absent has its default.
    ///
    /// Does not validate.
    public init(from decoder: any Decoder) throws {
        let keys = try decoder.container(keyedBy: CodingKeys.self)
        let defaults = TorrentBackendOptions()
        enabled = try keys.decodeIfPresent(Bool.self, forKey: .enabled) ?? defaults.enabled
        minimumSeeders =
            try keys.decodeIfPresent(Int.self, forKey: .minimumSeeders) ?? defaults.minimumSeeders
        maxCandidatesPerItem =
            try keys.decodeIfPresent(Int.self, forKey: .maxCandidatesPerItem) ?? defaults.maxCandidatesPerItem
        queryTimeoutSeconds =
            try keys.decodeIfPresent(Int.self, forKey: .queryTimeoutSeconds) ?? defaults.queryTimeoutSeconds
        privateMode = try keys.decodeIfPresent(PrivateModeOptions.self, forKey: .privateMode)
        limits = try keys.decodeIfPresent(RateLimitOptions.self, forKey: .limits) ?? defaults.limits
    }
}

public import NodeInterface

/// The options of the torrent backend: the node's keys under `VirtualSoulfindV2:Torrent`.
public struct TorrentBackendOptions: Sendable, Hashable {
    /// The prefix of the keys in the node's configuration.
    public static let keyPrefix = "VirtualSoulfindV2:Torrent"

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

    /// Makes options; what is not given has its default.
    public init(
        enabled: Bool = false, minimumSeeders: Int = 2, maxCandidatesPerItem: Int = 10,
        queryTimeoutSeconds: Int = 30, privateMode: PrivateModeOptions? = nil
    ) {
        self.enabled = enabled
        self.minimumSeeders = minimumSeeders
        self.maxCandidatesPerItem = maxCandidatesPerItem
        self.queryTimeoutSeconds = queryTimeoutSeconds
        self.privateMode = privateMode
    }

    /// Checks the values, each and against each other, whether or not the backend is on.
    ///
    /// - Throws: `BackendError.Code.invalidOptions`, naming the key, or both keys of a contradiction.
    public func validate() throws(BackendError) {
        try Self.check("MinimumSeeders", minimumSeeders, in: 0...Int.max, "0 or more")
        try Self.check("MaxCandidatesPerItem", maxCandidatesPerItem, in: 1...Int.max, "1 or more")
        try Self.check("QueryTimeoutSeconds", queryTimeoutSeconds, in: 1...86_400, "1 to 86400")
        try privateMode?.validate()
    }

    private static func check(
        _ name: String, _ value: Int, in range: ClosedRange<Int>, _ allowed: String
    ) throws(BackendError) {
        guard !range.contains(value) else { return }
        throw BackendError(
            .invalidOptions, "use \(key(name))=\(value)", reason: "the value is out of range",
            remedy: "give \(allowed)")
    }

    static func key(_ name: String) -> String { "\(keyPrefix):\(name)" }
}

extension TorrentBackendOptions: Codable {
    private enum CodingKeys: String, CodingKey {
        case enabled = "Enabled"
        case minimumSeeders = "MinimumSeeders"
        case maxCandidatesPerItem = "MaxCandidatesPerItem"
        case queryTimeoutSeconds = "QueryTimeoutSeconds"
        case privateMode = "PrivateMode"
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
    }
}

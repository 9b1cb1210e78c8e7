/// Asks a peer to seed a job's variant in a private swarm.
///
/// JSON spells `jobId`, `variantId`, `contentIdType`, `contentIdValue`, `reason`, `hints`.
public struct RequestBtFallback: Sendable, Hashable, Codable {
    /// Wishes of the sender; none of them binds.
    public struct Hints: Sendable, Hashable, Codable {
        /// The piece length that the sender would like, in bytes; clamped to what is possible.
        public var preferredPieceSizeBytes: Int64?
        /// Where the sender listens: `10.0.0.1:6881` or `[2001:db8::1]:6881`.
        public var endpoints: [String]?

        /// Makes hints.
        public init(preferredPieceSizeBytes: Int64? = nil, endpoints: [String]? = nil) {
            self.preferredPieceSizeBytes = preferredPieceSizeBytes
            self.endpoints = endpoints
        }
    }

    /// The job's ID, empty where the message had none.
    public var jobID: String
    /// The variant's ID, empty where the message had none.
    public var variantID: String
    /// What kind of ID the content has, in the node's own terms.
    public var contentIDType: String
    /// The content's ID.
    public var contentIDValue: String
    /// Why the sender asks, such as `mesh-failures`.
    public var reason: String?
    /// Wishes of the sender.
    public var hints: Hints?

    /// Makes a body.
    public init(
        jobID: String, variantID: String, contentIDType: String = "", contentIDValue: String = "",
        reason: String? = nil, hints: Hints? = nil
    ) {
        self.jobID = jobID
        self.variantID = variantID
        self.contentIDType = contentIDType
        self.contentIDValue = contentIDValue
        self.reason = reason
        self.hints = hints
    }

    private enum CodingKeys: String, CodingKey {
        case jobID = "jobId"
        case variantID = "variantId"
        case contentIDType = "contentIdType"
        case contentIDValue = "contentIdValue"
        case reason, hints
    }

    /// Reads the body; the fields that it must have are empty where they are missing, so that they can be refused.
    public init(from decoder: any Decoder) throws {
        let keys = try decoder.container(keyedBy: CodingKeys.self)
        jobID = try keys.decodeIfPresent(String.self, forKey: .jobID) ?? ""
        variantID = try keys.decodeIfPresent(String.self, forKey: .variantID) ?? ""
        contentIDType = try keys.decodeIfPresent(String.self, forKey: .contentIDType) ?? ""
        contentIDValue = try keys.decodeIfPresent(String.self, forKey: .contentIDValue) ?? ""
        reason = try keys.decodeIfPresent(String.self, forKey: .reason)
        hints = try keys.decodeIfPresent(Hints.self, forKey: .hints)
    }
}

/// Answers a request for a fallback.
///
/// JSON spells `jobId`, `variantId`, `accepted`, `reason`, `btFallbackId`, `requestSignalId`, `endpoints`.
public struct RequestBtFallbackAck: Sendable, Hashable, Codable {
    /// The `signalID` of the request: proof that the sender saw it.
    public var requestSignalID: String
    /// The job's ID, as in the request.
    public var jobID: String
    /// The variant's ID, as in the request.
    public var variantID: String
    /// Whether the variant is being seeded.
    public var accepted: Bool
    /// `ok`, or why not.
    public var reason: FallbackReason
    /// The fallback's ID, the info-hash in hexadecimal, where it was accepted.
    public var btFallbackID: String?
    /// Where the sender listens: `10.0.0.1:6881` or `[2001:db8::1]:6881`.
    public var endpoints: [String]?

    /// Makes a body.
    public init(
        requestSignalID: String, jobID: String, variantID: String, accepted: Bool, reason: FallbackReason,
        btFallbackID: String? = nil, endpoints: [String]? = nil
    ) {
        self.requestSignalID = requestSignalID
        self.jobID = jobID
        self.variantID = variantID
        self.accepted = accepted
        self.reason = reason
        self.btFallbackID = btFallbackID
        self.endpoints = endpoints
    }

    private enum CodingKeys: String, CodingKey {
        case requestSignalID = "requestSignalId"
        case jobID = "jobId"
        case variantID = "variantId"
        case accepted, reason
        case btFallbackID = "btFallbackId"
        case endpoints
    }
}

/// Ends what was started for a job between the sender and us.
///
/// JSON spells `jobId`, `requestSignalId`.
public struct JobCancel: Sendable, Hashable, Codable {
    /// The job's ID.
    public var jobID: String
    /// The `signalID` of a request of that job, from either of the two to the other.
    public var requestSignalID: String

    /// Makes a body.
    public init(jobID: String, requestSignalID: String) {
        self.jobID = jobID
        self.requestSignalID = requestSignalID
    }

    private enum CodingKeys: String, CodingKey {
        case jobID = "jobId"
        case requestSignalID = "requestSignalId"
    }
}

/// How a request for a fallback was answered.
///
/// Open: another node may have reasons of its own. JSON has the word.
public struct FallbackReason: OpenWord {
    /// The word on the wire.
    public let rawValue: String

    /// Makes a reason of its word.
    public init(rawValue: String) { self.rawValue = rawValue }

    /// It was accepted.
    public static let ok = FallbackReason(rawValue: "ok")
    /// The request does not say which job or which variant.
    public static let missingJobIDOrVariantID = FallbackReason(rawValue: "missing-job-id-or-variant-id")
    /// The job or the variant is not known, or the sender takes no part in the job.
    public static let unknownJobOrVariant = FallbackReason(rawValue: "unknown-job-or-variant")
    /// The policy said no, or the torrent runs for another job.
    public static let securityDenied = FallbackReason(rawValue: "security-denied")
    /// The node has no BitTorrent backend, or has it disabled.
    public static let btBackendDisabled = FallbackReason(rawValue: "bt-backend-disabled")
    /// Anything else; nothing is left running.
    public static let internalError = FallbackReason(rawValue: "internal-error")
}

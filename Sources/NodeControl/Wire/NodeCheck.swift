/// One thing that was looked at, whether it is as it should be, and what to do where it is not.
public struct NodeCheck: Codable, Sendable, Hashable {
    /// How bad it is. A later version may add words.
    public enum Severity: String, Codable, Sendable, Hashable, CaseIterable {
        /// It is as it should be.
        case ok
        /// It works, and is not as it should be.
        case warning
        /// Something does not work.
        case error
    }

    /// What is looked at: a stable word.
    public let name: String
    /// How bad it is.
    public let severity: Severity
    /// What was seen, in a sentence. May quote names: text, never markup.
    public let seen: String
    /// What to do, where something is to be done.
    public let remedy: String?
    /// The torrent, folder or key that it is about, where there are several of a kind.
    public let subject: String?

    /// Makes a check.
    public init(
        _ name: String, _ severity: Severity, _ seen: String, remedy: String? = nil, subject: String? = nil
    ) {
        self.name = name
        self.severity = severity
        self.seen = seen
        self.remedy = remedy
        self.subject = subject
    }
}

/// `GET /v1/checks`.
public struct CheckReport: Codable, Sendable, Hashable {
    /// ``ControlSchema/version``.
    public var schemaVersion = ControlSchema.version
    /// Every check, also those that are well.
    public let checks: [NodeCheck]

    /// Makes a report.
    public init(checks: [NodeCheck]) { self.checks = checks }
}

/// What a node runs with, key by key, and where it came from: `GET /v1/config`.
public struct SettingsReport: Codable, Sendable, Hashable {
    /// One key.
    public struct Setting: Codable, Sendable, Hashable {
        /// Where a value came from. A later version may add words.
        public enum Source: String, Codable, Sendable, Hashable {
            /// The configuration file.
            case file
            /// An environment variable.
            case environment
            /// Nobody said anything else.
            case `default`
        }

        /// The whole key: `Swarmd:Log:Level`.
        public let key: String
        /// What counts; nil where nothing is set and nothing counts instead, and of a secret.
        public let value: String?
        /// Where it came from.
        public let source: Source
        /// The file's path, or the variable's name; nil for a default.
        public let place: String?
        /// The line of the file, counted from 1, where it is known.
        public let line: Int?
        /// Whether the value is nobody's business: then it is not told.
        public let isSecret: Bool
        /// Whether a change counts as soon as the file is read again (SIGHUP), and not from the next start on.
        public let isLive: Bool
        /// Whether the file and the environment say something else by now.
        public var isChanged: Bool
        /// What they say, where that is no secret; nil also where they say nothing any more.
        public var changedValue: String?

        /// Makes a setting.
        public init(
            key: String, value: String?, source: Source, place: String? = nil, line: Int? = nil,
            isSecret: Bool = false, isLive: Bool
        ) {
            self.key = key
            self.value = isSecret ? nil : value
            self.source = source
            self.place = place
            self.line = line
            self.isSecret = isSecret
            self.isLive = isLive
            isChanged = false
        }
    }

    /// ``ControlSchema/version``.
    public var schemaVersion = ControlSchema.version
    /// The configuration file; nil where there is none.
    public let file: String?
    /// Every key.
    public var settings: [Setting]
    /// What is wrong with the file as it is now: with it the node would not start.
    public var problems: [String]
    /// Keys that nothing reads, and the like.
    public var warnings: [String]

    /// Makes a report.
    public init(file: String?, settings: [Setting], problems: [String] = [], warnings: [String] = []) {
        self.file = file
        self.settings = settings
        self.problems = problems
        self.warnings = warnings
    }
}

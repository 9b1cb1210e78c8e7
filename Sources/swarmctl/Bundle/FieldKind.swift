/// What a text of the control API is, by the key that it stands below. One that is not here is not let through.
enum FieldKind: Equatable {
    /// A word of a closed set, a time or a version.
    case open
    /// A sentence: what is known, and what looks like it, is taken out.
    case words
    /// A path, or the name of a file or folder.
    case path
    /// A path where it begins as one, and else a sentence.
    case place
    case secret(Pseudonyms.Kind)
    case infoHash
    case client
    case unknown

    /// - Parameter above: The key of the object or list that the text's object stands in.
    static func of(_ key: String, below above: String) -> FieldKind {
        pairs["\(above).\(key)"] ?? keys[key] ?? .unknown
    }

    private static let pairs: [String: FieldKind] = [
        // A check's name is a word of ours, and a torrent's is not.
        "checks.name": .open, "settings.key": .open, "settings.place": .place, "settings.value": .place,
        "settings.changedValue": .place, "evidence.failures": .words, "evidence.reason": .words,
    ]

    private static let keys: [String: FieldKind] = {
        var out: [String: FieldKind] = [:]
        for key in [
            "event", "type", "time", "state", "role", "source", "severity", "level", "label", "code",
            "direction", "status", "cause", "kind", "protection", "version", "engineVersion", "package",
            "engineCompiled", "engineRunning", "startedTime", "addedTime", "schemaVersion", "worst", "scope",
            "by", "retention", "system", "swarmctl", "member",
        ] { out[key] = .open }
        for key in [
            "seen", "remedy", "message", "summary", "action", "operation", "detail", "reason", "consequence",
            "problems", "warnings", "notReady", "listen", "wanted", "failures", "error", "title", "lastError",
            "rule", "endpoint", "url", "unavailableInterfaces", "interfaces",
        ] { out[key] = .words }
        for key in [
            "folder", "path", "file", "place", "stateDirectory", "quarantined", "tokenFile",
        ] { out[key] = .path }
        out["subject"] = .place
        out["infoHash"] = .infoHash
        out["client"] = .client
        out["name"] = .secret(.name)
        out["peerID"] = .secret(.peer)
        out["identity"] = .secret(.peer)
        out["job"] = .secret(.job)
        return out
    }()
}

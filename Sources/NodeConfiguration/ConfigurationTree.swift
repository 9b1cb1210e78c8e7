/// Configuration as .NET sees it: sections, lists, and texts at the leaves, whatever the format gave them as.
///
/// `true`, `"true"` and an environment variable's `true` are the same here. What a text means is decided where it is
/// read, so that every format has the same rules.
enum ConfigurationTree: Sendable, Hashable {
    case null
    case text(String)
    case list([ConfigurationTree])
    case section([String: ConfigurationTree])

    /// What stands at a path; nil where nothing does.
    func node(at path: some Collection<String>, ignoringCase: Bool) -> ConfigurationTree? {
        guard let key = path.first else { return self }
        guard case .section(let children) = self else { return nil }
        let child = children[key] ?? (ignoringCase ? Self.match(key, in: children) : nil)
        return child?.node(at: path.dropFirst(), ignoringCase: ignoringCase)
    }

    /// Of several spellings, always the same one.
    private static func match(
        _ key: String, in children: [String: ConfigurationTree]
    ) -> ConfigurationTree? {
        children.keys.sorted().first { $0.lowercased() == key.lowercased() }.flatMap { children[$0] }
    }

    /// The list that stands here. A section whose keys are all indices is one too: the environment spells lists so.
    var elements: [ConfigurationTree]? {
        switch self {
        case .list(let elements): return elements
        // An environment variable can say "nobody" in no other way.
        case .text(""): return []
        case .section(let children) where !children.isEmpty:
            let indexed = children.compactMap { key, value in Self.index(key).map { ($0, value) } }
            guard indexed.count == children.count else { return nil }
            return indexed.sorted { $0.0 < $1.0 }.map(\.1)
        case .null, .text, .section: return nil
        }
    }

    static func index(_ key: String) -> UInt? {
        guard key.utf8.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }) else {
            return nil
        }
        return UInt(key)
    }

    /// What it is, for a message.
    var kind: String {
        switch self {
        case .null: "nothing"
        case .text(let text): "\"\(text)\""
        case .list: "a list"
        case .section: "a section"
        }
    }
}

import Configuration

/// A provider's values at one moment, which unlike others of swift-configuration can say which keys there are, and
/// whether a section is there that has nothing in it.
protocol TreeSnapshot: ConfigSnapshot {
    var tree: ConfigurationTree { get }
    /// Whether `PRIVATEMODE` is `PrivateMode` here.
    var ignoresCase: Bool { get }
    /// How this source writes a key: `VirtualSoulfindV2:Torrent:Enabled`.
    func spell(_ path: [String]) -> String
}

extension TreeSnapshot {
    func lookUp(_ key: AbsoluteConfigKey, _ type: ConfigType) throws -> LookupResult {
        let spelling = spell(key.components)
        guard let node = tree.node(at: key.components, ignoringCase: ignoresCase), node != .null else {
            return LookupResult(encodedKey: spelling, value: nil)
        }
        guard let content = Self.convert(node, to: type) else {
            throw ValueMismatch(key: spelling, found: node.kind, wanted: type)
        }
        // Lists are invite lists: addresses of members, which access logs must not show.
        let isSecret = type == .stringArray
        return LookupResult(encodedKey: spelling, value: ConfigValue(content, isSecret: isSecret))
    }

    private static func convert(_ node: ConfigurationTree, to type: ConfigType) -> ConfigContent? {
        switch (type, node) {
        case (.string, .text(let text)): return .string(text)
        // That it is there is all that a section says as a text.
        case (.string, .section): return .string("")
        case (.bool, .text(let text)):
            let word = text.lowercased()
            return word == "true" ? .bool(true) : word == "false" ? .bool(false) : nil
        case (.int, .text(let text)): return Int(text).map { .int($0) }
        case (.double, .text(let text)): return Double(text).map { .double($0) }
        case (.stringArray, _):
            guard let elements = node.elements else { return nil }
            var texts: [String] = []
            for element in elements {
                guard case .text(let text) = element else { return nil }
                texts.append(text)
            }
            return .stringArray(texts)
        default: return nil
        }
    }
}

/// A value that is there and is not what was asked for.
struct ValueMismatch: Error, CustomStringConvertible {
    let key: String
    let found: String
    let wanted: ConfigType

    var description: String { "\(key) is \(found), and not \(wantedWords)" }

    private var wantedWords: String {
        switch wanted {
        case .bool: "true or false"
        case .int: "a whole number"
        case .stringArray: "a list of texts"
        case .string: "a text"
        default: "a \(wanted.rawValue)"
        }
    }
}

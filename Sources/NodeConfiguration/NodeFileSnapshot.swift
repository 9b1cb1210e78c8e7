public import Configuration
import Foundation
import Yams

/// A JSON or YAML file of the node, for swift-configuration's `FileProvider` and `ReloadingFileProvider`.
///
/// Sections nest exactly the words of the keys. Values may be quoted or not. JSON may have comments and trailing
/// commas, as .NET's files may.
public struct NodeFileSnapshot: FileConfigSnapshot {
    /// How the file is written.
    public struct ParsingOptions: FileParsingOptions {
        /// The format.
        public var format: Format

        /// Makes options.
        public init(format: Format = .json) { self.format = format }

        /// JSON.
        public static var `default`: ParsingOptions { ParsingOptions() }
    }

    /// A format of configuration files.
    public enum Format: String, Sendable, Hashable, CaseIterable {
        /// RFC 8259, with comments and trailing commas.
        case json
        /// YAML 1.1.
        case yaml

        /// The format of `.json`, `.yaml` and `.yml`; nil for any other name.
        public init?(path: String) {
            switch path.split(separator: ".").last?.lowercased() {
            case "json": self = .json
            case "yaml", "yml": self = .yaml
            default: return nil
            }
        }
    }

    /// The name of the provider that made it.
    public let providerName: String
    let tree: ConfigurationTree

    /// Parses a file.
    ///
    /// - Throws: What the parser says; and where the outermost value is no section.
    public init(data: RawSpan, providerName: String, parsingOptions: ParsingOptions) throws {
        let bytes = data.withUnsafeBytes { Data($0) }
        self.providerName = providerName
        switch parsingOptions.format {
        case .json:
            let decoder = JSONDecoder()
            decoder.allowsJSON5 = true
            tree = try decoder.decode(ConfigurationTree.self, from: bytes)
        case .yaml:
            tree = try Parser(yaml: bytes).singleRoot().map { try ConfigurationTree($0) } ?? .section([:])
        }
        guard case .section = tree else { throw NotASection() }
    }

    /// The value of a key.
    public func value(forKey key: AbsoluteConfigKey, type: ConfigType) throws -> LookupResult {
        try lookUp(key, type)
    }

    /// The keys of a section, sorted; none where there is no section.
    package func keys(below path: [String]) -> [String] {
        guard case .section(let children) = tree.node(at: path, ignoringCase: false) else { return [] }
        return children.keys.sorted()
    }

    /// What stands at a path, for a message, where that is something else than a section; nil where nothing does.
    package func notASection(at path: [String]) -> String? {
        switch tree.node(at: path, ignoringCase: false) {
        case nil, .null, .section: nil
        case let node?: node.kind
        }
    }

    /// Whether a section stands at a path.
    package func isSection(at path: [String]) -> Bool {
        if case .section = tree.node(at: path, ignoringCase: false) { true } else { false }
    }

    /// The name alone: a file may hold secrets of other parts.
    public var description: String { providerName }
    /// The name alone.
    public var debugDescription: String { providerName }
}

extension NodeFileSnapshot: TreeSnapshot {
    var ignoresCase: Bool { false }
    func spell(_ path: [String]) -> String { path.joined(separator: ":") }
}

private struct NotASection: Error, CustomStringConvertible {
    var description: String { "the outermost value is not a section" }
}

extension ConfigurationTree: Decodable {
    init(from decoder: any Decoder) throws {
        if let keys = try? decoder.container(keyedBy: AnyKey.self) {
            self = .section(
                try Dictionary(
                    keys.allKeys.map {
                        ($0.stringValue, try keys.decode(ConfigurationTree.self, forKey: $0))
                    }
                ) { first, _ in first })
            return
        }
        if var list = try? decoder.unkeyedContainer() {
            var elements: [ConfigurationTree] = []
            while !list.isAtEnd { elements.append(try list.decode(ConfigurationTree.self)) }
            self = .list(elements)
            return
        }
        let value = try decoder.singleValueContainer()
        if value.decodeNil() {
            self = .null
        } else if let flag = try? value.decode(Bool.self) {
            self = .text(flag ? "true" : "false")
        } else if let number = try? value.decode(Int.self) {
            self = .text(String(number))
        } else if let number = try? value.decode(Double.self) {
            self = .text(String(number))
        } else {
            self = .text(try value.decode(String.self))
        }
    }

    private struct AnyKey: CodingKey {
        let stringValue: String
        var intValue: Int? { nil }
        init(stringValue: String) { self.stringValue = stringValue }
        init?(intValue: Int) { nil }
    }

    /// YAML's scalars as they are written: an address or a port must not become a number on the way.
    init(_ node: Node) throws {
        switch node {
        case .mapping(let mapping):
            var children: [String: ConfigurationTree] = [:]
            for (key, value) in mapping {
                guard let name = key.string else { throw KeyIsNoText() }
                children[name] = try ConfigurationTree(value)
            }
            self = .section(children)
        case .sequence(let sequence):
            self = .list(try sequence.map { try ConfigurationTree($0) })
        case .scalar(let scalar):
            self = node.null != nil ? .null : .text(scalar.string)
        case .alias:
            throw KeyIsNoText()
        }
    }
}

private struct KeyIsNoText: Error, CustomStringConvertible {
    var description: String { "a key of a section is no text, or an alias was not resolved" }
}

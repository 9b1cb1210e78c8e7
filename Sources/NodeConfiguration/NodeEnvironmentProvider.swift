public import Configuration
import Foundation

/// Environment variables as .NET spells them: `VirtualSoulfindV2__Torrent__PrivateMode__PrivateOnly`, lists
/// `…__InviteList__0`, upper and lower case the same.
///
/// swift-configuration's own provider writes the keys as `VIRTUAL_SOULFIND_V2_TORRENT_…` and lists with commas in
/// one variable, and can be told neither.
public struct NodeEnvironmentProvider: ConfigProvider {
    private struct Snapshot: TreeSnapshot {
        let tree: ConfigurationTree
        var providerName: String { "NodeEnvironmentProvider" }
        var ignoresCase: Bool { true }

        func spell(_ path: [String]) -> String { path.joined(separator: NodeEnvironmentProvider.separator) }

        func value(forKey key: AbsoluteConfigKey, type: ConfigType) throws -> LookupResult {
            try lookUp(key, type)
        }
    }

    private static let separator = "__"
    private let current: Snapshot

    /// The process's own environment.
    public init() { self.init(environment: ProcessInfo.processInfo.environment) }

    /// An environment that is given.
    public init(environment: [String: String]) {
        // Sorted, so that a section is there before what is in it, and of two spellings always the same counts.
        var root: [String: ConfigurationTree] = [:]
        for (name, value) in environment.sorted(by: { $0.key < $1.key }) {
            let path = Self.path(name)
            guard path.count > 1, !path.contains("") else { continue }
            Self.insert(value, at: path[...], into: &root)
        }
        current = Snapshot(tree: .section(root))
    }

    private static func path(_ name: String) -> [String] {
        var parts: [String] = []
        var rest = name[...]
        while let found = rest.firstRange(of: separator) {
            parts.append(String(rest[..<found.lowerBound]))
            rest = rest[found.upperBound...]
        }
        return parts + [String(rest)]
    }

    private static func insert(
        _ value: String, at path: ArraySlice<String>, into section: inout [String: ConfigurationTree]
    ) {
        guard let first = path.first else { return }
        let key = section.keys.sorted().first { $0.lowercased() == first.lowercased() } ?? first
        if path.count == 1 {
            if section[key] == nil { section[key] = .text(value) }
            return
        }
        var children: [String: ConfigurationTree] = [:]
        if case .section(let known) = section[key] { children = known }
        insert(value, at: path.dropFirst(), into: &children)
        section[key] = .section(children)
    }

    /// `NodeEnvironmentProvider`.
    public var providerName: String { current.providerName }

    /// The value of a key.
    public func value(forKey key: AbsoluteConfigKey, type: ConfigType) throws -> LookupResult {
        try current.value(forKey: key, type: type)
    }

    /// The value of a key.
    public func fetchValue(forKey key: AbsoluteConfigKey, type: ConfigType) async throws -> LookupResult {
        try current.value(forKey: key, type: type)
    }

    /// Gives the value once: an environment does not change.
    public func watchValue<Return: ~Copyable>(
        forKey key: AbsoluteConfigKey, type: ConfigType,
        updatesHandler: (
            _ updates: ConfigUpdatesAsyncSequence<Result<LookupResult, any Error>, Never>
        ) async throws -> Return
    ) async throws -> Return {
        try await watchValueFromValue(forKey: key, type: type, updatesHandler: updatesHandler)
    }

    var tree: any TreeSnapshot { current }

    /// All of it.
    public func snapshot() -> any ConfigSnapshot { current }

    /// Gives all of it once: an environment does not change.
    public func watchSnapshot<Return: ~Copyable>(
        updatesHandler: (_ updates: ConfigUpdatesAsyncSequence<any ConfigSnapshot, Never>) async throws ->
            Return
    ) async throws -> Return {
        try await watchSnapshotFromSnapshot(updatesHandler: updatesHandler)
    }
}

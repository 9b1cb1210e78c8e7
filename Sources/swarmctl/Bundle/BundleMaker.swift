import NodeControl
import SwarmdSupport
import TorrentEngine

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif
#if canImport(Glibc)
    import Glibc
#endif

/// Gathers what a bug report needs from a running node, and takes out what nobody outside is to see.
struct BundleMaker: Sendable {
    /// A file of the bundle.
    struct Member: Sendable {
        let name: String
        let bytes: [UInt8]
    }

    let client: ControlClient
    /// Nil where nothing is taken out.
    var redactor: BundleRedactor?
    /// The user and the machine, by their names.
    var hosts = Self.localNames()

    /// Everything, as it is at about this moment. What the node does not give is named in `manifest.json`.
    func members() async throws -> [Member] {
        var raw = Snapshots(client)
        await raw.take("status", "/v1/status")
        await raw.take("config", "/v1/config")
        await raw.take("torrents", "/v1/torrents")
        await raw.take("refusals", "/v1/refusals")
        await raw.take("retention", "/v1/retention")
        await raw.take("log", "/v1/log")
        for infoHash in raw.infoHashes {
            await raw.take("peers/\(infoHash)", "/v1/torrents/\(infoHash)/peers")
            await raw.take("explain/\(infoHash)", "/v1/torrents/\(infoHash)/explain")
            await raw.take("files/\(infoHash)", "/v1/torrents/\(infoHash)/files")
        }
        await raw.takeText("metrics.txt", "/metrics")
        try Task.checkCancellation()
        let checks = try await DoctorChecks(client: client, config: nil).run()
        raw.trees["doctor"] = try Self.tree(CheckReport(checks: checks))
        raw.trees["versions"] = try Self.tree(Versions.current)
        return try members(raw)
    }

    private func members(_ raw: Snapshots) throws -> [Member] {
        var redactor = redactor
        redactor?.learn(raw, hosts: hosts)
        // Names and sizes of files tell what is shared; they are read to be known elsewhere.
        let trees = raw.trees.filter { redactor == nil || !$0.key.hasPrefix("files/") }
        var out: [Member] = []
        for (name, tree) in trees.sorted(by: { $0.key < $1.key }) {
            out.append(
                Member(
                    name: (redactor?.memberName(name) ?? name) + ".json",
                    bytes: try (redactor?.tree(tree) ?? tree).bytes()))
        }
        for (name, text) in raw.texts.sorted(by: { $0.key < $1.key }) {
            let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
            let clean = lines.map { redactor?.metric(String($0)) ?? String($0) }.joined(separator: "\n")
            out.append(Member(name: name, bytes: Array(clean.utf8)))
        }
        var missing: [String: JSONTree] = [:]
        for (name, problem) in raw.problems {
            missing[redactor?.memberName(name) ?? name] = .text(redactor?.text(problem) ?? problem)
        }
        let manifest = JSONTree.object([
            "schemaVersion": .natural(1), "isRedacted": .flag(redactor != nil),
            "members": .list(out.map { .text($0.name) }), "missing": .object(missing),
        ])
        return [Member(name: "manifest.json", bytes: try manifest.bytes())] + out
    }

    private static func tree(_ value: some Encodable) throws -> JSONTree {
        try JSONTree(parsing: Array(try JSONEncoder().encode(value)))
    }

    /// Of the user that runs this, and of the machine; not those that every machine has.
    static func localNames() -> [String] {
        var name = [CChar](repeating: 0, count: 256)
        gethostname(&name, 255)
        let host = String(
            decoding: name.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
        let variables = ["USER", "LOGNAME", "SUDO_USER"].compactMap { (key: String) -> String? in
            getenv(key).map { String(cString: $0) }
        }
        let home = getenv("HOME").map { String(cString: $0) }?.split(separator: "/").last.map(String.init)
        let all = Set(variables + [host, home ?? ""])
        return all.subtracting(["", "root", "swarmd", "localhost", "home"]).sorted()
    }
}

/// What a node answered, by the names of the members.
struct Snapshots: Sendable {
    private let client: ControlClient
    var trees: [String: JSONTree] = [:]
    var texts: [String: String] = [:]
    /// Why there is no member of that name.
    var problems: [String: String] = [:]

    init(_ client: ControlClient) { self.client = client }

    mutating func take(_ name: String, _ target: String) async {
        do throws(ControlClientError) {
            trees[name] = try await client.get(target, as: JSONTree.self)
        } catch {
            problems[name] = "\(error)"
        }
    }

    mutating func takeText(_ name: String, _ target: String) async {
        do throws(ControlClientError) {
            texts[name] = try await client.text(target)
        } catch {
            problems[name] = "\(error)"
        }
    }

    /// The torrents' info-hashes.
    var infoHashes: [String] {
        trees["torrents"]?["torrents"]?.elements.compactMap { $0["infoHash"]?.text } ?? []
    }
}

/// What runs, and on what.
private struct Versions: Encodable {
    let swarmctl: String
    let engineCompiled: String?
    let engineRunning: String?
    let system: String

    static var current: Versions {
        var name = utsname()
        uname(&name)
        let versions = try? Engine.versions()
        return Versions(
            swarmctl: PackageVersion.current, engineCompiled: versions?.engineCompiled,
            engineRunning: versions?.engineRunning,
            system: "\(text(name.sysname)) \(text(name.release)) \(text(name.machine))")
    }

    private static func text(_ field: some Any) -> String {
        withUnsafeBytes(of: field) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
    }
}

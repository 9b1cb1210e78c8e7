import NodeControl
import NodeInterface
import SwarmdSupport
import TorrentEngine

#if canImport(Glibc)
    import Glibc
#endif

/// Everything that `doctor` looks at: from outside, and what the node says of itself.
struct DoctorChecks: Sendable {
    let client: ControlClient
    /// The file of the node, where it was named.
    let config: String?

    func run() async throws -> [NodeCheck] {
        var out: [NodeCheck] = []
        let before = ContinuousClock.now
        do throws(ControlClientError) {
            let status = try await client.status()
            let delay = ContinuousClock.now - before
            out.append(Self.answering(client.path, delay))
            out += [Self.version(status)] + Self.engineVersion()
            out += try await onSocket(of: status)
            out += try await ownChecks()
            if let config { out += try await file(config, isRunning: true) }
        } catch {
            guard error != .cancelled else { throw error }
            out.append(Self.notAnswering(error, needsNode: config == nil))
            out += Self.engineVersion()
            if case .noNode = error, let config { out += try await file(config, isRunning: false) }
        }
        return out
    }

    /// What the node says of itself.
    private func ownChecks() async throws(ControlClientError) -> [NodeCheck] {
        do throws(ControlClientError) {
            return try await client.get("/v1/checks", as: CheckReport.self).checks
        } catch {
            guard error != .cancelled else { throw error }
            return [NodeCheck("checks", .error, "\(error)", remedy: error.remedy)]
        }
    }

    // MARK: - The node from outside

    static func answering(_ path: String, _ delay: Duration) -> NodeCheck {
        let words = "it answers at \(path) after \(Int64(delay.milliseconds)) ms"
        guard delay > .seconds(1) else { return NodeCheck("node", .ok, words) }
        return NodeCheck(
            "node", delay > .seconds(5) ? .error : .warning, words,
            remedy: "see whether the machine is overloaded")
    }

    static func notAnswering(_ error: ControlClientError, needsNode: Bool) -> NodeCheck {
        let isAway = if case .noNode = error { true } else { false }
        return NodeCheck("node", isAway && !needsNode ? .warning : .error, "\(error)", remedy: error.remedy)
    }

    static func version(_ status: NodeStatus, own: String = PackageVersion.current) -> NodeCheck {
        guard status.version != own else { return NodeCheck("version", .ok, "both have \(own)") }
        return NodeCheck(
            "version", .warning, "the node has \(status.version), and swarmctl \(own)",
            remedy: "restart the node with the version that is installed")
    }

    static func engineVersion(_ versions: EngineVersions? = try? Engine.versions()) -> [NodeCheck] {
        guard let versions else {
            return [
                NodeCheck(
                    "libtorrent", .error, "it cannot be used", remedy: "install libtorrent-rasterbar2.0")
            ]
        }
        guard versions.engineCompiled != versions.engineRunning else {
            return [NodeCheck("libtorrent", .ok, versions.engineRunning)]
        }
        return [
            NodeCheck(
                "libtorrent", .warning,
                "built for \(versions.engineCompiled), and \(versions.engineRunning) is installed",
                remedy: "build it against the version that is installed")
        ]
    }

    private func onSocket(of status: NodeStatus) async throws(ControlClientError) -> [NodeCheck] {
        let path = client.path
        let found: [NodeCheck]?
        do throws(EngineError) {
            found = try await blocking("look at \(path)") { [SocketFacts(path).check] }
        } catch {
            found = nil
        }
        return found ?? []
    }

    // MARK: - Without a node

    private func file(_ path: String, isRunning: Bool) async throws(ControlClientError) -> [NodeCheck] {
        do throws(EngineError) {
            return try await blocking("look at \(path)") { Self.look(at: path, isRunning: isRunning) }
        } catch {
            throw .cancelled
        }
    }

    /// Blocks.
    static func look(at path: String, isRunning: Bool) -> [NodeCheck] {
        let settings: SwarmdSettings
        do {
            settings = try SwarmdSettings(path: path)
        } catch {
            return [NodeCheck("file", .error, "\(error)", remedy: error.remedy, subject: path)]
        }
        var out = settings.problems.map {
            NodeCheck("file", .error, $0, remedy: "mend \(path)", subject: path)
        }
        out += settings.warnings.map {
            NodeCheck("file", .warning, $0, remedy: "mend \(path)", subject: path)
        }
        if out.isEmpty { out.append(NodeCheck("file", .ok, "\(path): nothing is wrong", subject: path)) }
        let folder = settings.options.stateDirectory
        if !isRunning, folder.hasPrefix("/") { out.append(LockFacts(folder).check) }
        return out
    }
}

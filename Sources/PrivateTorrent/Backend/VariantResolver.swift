import NodeInterface
import NodeSupport
import TorrentEngine

/// Turns a job's variant into something that can be seeded or fetched.
struct VariantResolver: Sendable {
    enum Resolved: Sendable {
        /// - Parameter asked: The resolvers that do not know the info-hash.
        case fetch(TorrentReference, asked: [String])
        case seed(Metainfo, folder: String, identities: [FileIdentity?])

        var infoHash: InfoHash {
            switch self {
            case .fetch(let reference, _): reference.infoHash
            case .seed(let metainfo, _, _): metainfo.infoHash
            }
        }
    }

    let configuration: BackendConfiguration
    let calls = OutsideCalls(clock: .system)
    let sharedFiles = SharedFiles()

    /// - Parameters:
    ///   - preferredPieceSizeBytes: A wish, for a torrent that is made now.
    ///   - limit: How long a loader, and each resolver, of the node is waited for.
    func resolve(
        _ variant: SwarmVariant, preferredPieceSizeBytes: Int64?, within limit: Duration, operation: String
    ) async throws(BackendError) -> Resolved {
        let limits = configuration.engine.limits
        switch variant.reference {
        case .torrentBytes(let bytes):
            return .fetch(.metainfo(try await parse(bytes)), asked: [])
        case .torrentFile(let path):
            let metainfo = try await translatingErrors { () throws(EngineError) in
                try await blocking("load \(quoted(path))") { () throws(EngineError) in
                    try Metainfo(contentsOf: path, limits: limits)
                }
            }
            return .fetch(.metainfo(metainfo), asked: [])
        case .torrentURL(let url):
            guard let loader = configuration.metainfoLoader else {
                throw BackendError(
                    .unsupported, operation,
                    reason: "it is given by URL, and this node supplies no loader for those",
                    remedy: "give the backend a MetainfoLoader")
            }
            let bytes = try await calls.call("\(operation): load its URL", within: limit) {
                () throws(BackendError) in
                try await loader.loadMetainfo(url: url, maximumBytes: limits.maxBytes)
            }
            return .fetch(.metainfo(try await parse(bytes)), asked: [])
        case .magnet(let text):
            let magnet = try await translatingErrors { () throws(EngineError) in try MagnetLink(parsing: text)
            }
            return try await known(magnet.infoHash, orElse: .magnet(magnet), within: limit)
        case .infoHash(let text):
            let infoHash = try await translatingErrors { () throws(EngineError) in try InfoHash(parsing: text)
            }
            return try await known(infoHash, orElse: .infoHash(infoHash), within: limit)
        case .localFile(let path):
            let real = try await translatingErrors { () throws(EngineError) in
                try await requireShareable(path, operation)
            }
            let shared = try await sharedFiles.torrent(
                of: real, preferred: preferredPieceSizeBytes, operation: operation)
            return .seed(shared.metainfo, folder: shared.folder, identities: shared.identities)
        }
    }

    private func parse(_ bytes: [UInt8]) async throws(BackendError) -> Metainfo {
        let limits = configuration.engine.limits
        return try await translatingErrors { () throws(EngineError) in
            try Metainfo(bytes: bytes, limits: limits)
        }
    }

    /// The metainfo, where a resolver has it: then no member is asked for it.
    ///
    /// A resolver that fails, does not answer in time, or gives another torrent, counts as one that does not know it.
    private func known(
        _ infoHash: InfoHash, orElse reference: TorrentReference, within timeLimit: Duration
    ) async throws(BackendError) -> Resolved {
        var asked: [String] = []
        for resolver in configuration.metainfoResolvers {
            let limit = configuration.engine.limits.maxBytes
            do throws(BackendError) {
                let bytes = try await calls.call("ask \(resolver.name)", within: timeLimit) {
                    () throws(BackendError) in
                    try await resolver.metainfo(infoHash: infoHash.description, maximumBytes: limit)
                }
                guard let bytes else {
                    asked.append(resolver.name)
                    continue
                }
                let metainfo = try await parse(bytes)
                guard metainfo.infoHash == infoHash else {
                    asked.append("\(resolver.name) (it gave another torrent)")
                    continue
                }
                return .fetch(.metainfo(metainfo), asked: [])
            } catch {
                guard error.code != .cancelled else { throw error }
                asked.append("\(resolver.name) (\(error.reason))")
            }
        }
        return .fetch(reference, asked: asked)
    }

    /// The real path, which must lie below a share root and not change when links are resolved.
    private func requireShareable(_ path: String, _ operation: String) async throws(EngineError) -> String {
        let roots = configuration.shareRoots
        return try await blocking(operation) { () throws(EngineError) in
            let resolved = try FileSystem.resolve(path, operation: operation)
            for root in roots {
                let root = try FileSystem.resolve(root, operation: operation)
                if resolved.hasPrefix(root == "/" ? "/" : root + "/"), FileSystem.kind(of: path) != .link {
                    return resolved
                }
            }
            throw EngineError(
                .permissionDenied, operation,
                reason: "\(quoted(path)) lies in no folder that this node shares",
                remedy: "add its folder to the backend's shareRoots", path: path)
        }
    }
}

import NodeInterface
import TorrentEngine

/// Turns a job's variant into something that can be seeded or fetched.
struct VariantResolver: Sendable {
    enum Resolved: Sendable {
        case fetch(TorrentReference)
        case seed(Metainfo, folder: String, identities: [FileIdentity?])
    }

    let configuration: BackendConfiguration

    func resolve(_ variant: SwarmVariant, of jobID: String) async throws(BackendError) -> Resolved {
        let limits = configuration.engine.limits
        switch variant.reference {
        case .torrentBytes(let bytes):
            return .fetch(.metainfo(try await parse(bytes)))
        case .torrentFile(let path):
            return .fetch(
                .metainfo(
                    try await translatingErrors { () throws(EngineError) in
                        try await blocking("load \(path)") { () throws(EngineError) in
                            try Metainfo(contentsOf: path, limits: limits)
                        }
                    }))
        case .torrentURL(let url):
            guard let loader = configuration.metainfoLoader else {
                throw BackendError(
                    .unsupported, "load variant \(variant.id) of job \(jobID)",
                    reason: "it is given by URL, and this node supplies no loader for those",
                    remedy: "give the backend a MetainfoLoader")
            }
            return .fetch(
                .metainfo(try await parse(loader.loadMetainfo(url: url, maximumBytes: limits.maxBytes))))
        case .magnet(let text):
            return .fetch(
                try await translatingErrors { () throws(EngineError) in .magnet(try MagnetLink(parsing: text))
                })
        case .infoHash(let text):
            return .fetch(
                try await translatingErrors { () throws(EngineError) in .infoHash(try InfoHash(parsing: text))
                })
        case .localFile(let path):
            return try await share(path, operation: "share variant \(variant.id) of job \(jobID)")
        }
    }

    private func parse(_ bytes: [UInt8]) async throws(BackendError) -> Metainfo {
        let limits = configuration.engine.limits
        return try await translatingErrors { () throws(EngineError) in
            try Metainfo(bytes: bytes, limits: limits)
        }
    }

    private func share(_ path: String, operation: String) async throws(BackendError) -> Resolved {
        let roots = configuration.shareRoots
        return try await translatingErrors { () throws(EngineError) in
            let resolved = try await blocking(operation) { () throws(EngineError) in
                try Self.requireShareable(path, roots: roots, operation: operation)
            }
            let created = try await TorrentCreator().create(of: resolved)
            guard let folder = created.savePath else {
                throw EngineError(
                    .internalFailure, operation, reason: "the torrent has another name than its file")
            }
            return .seed(created.metainfo, folder: folder, identities: created.identities)
        }
    }

    /// The real path, which must lie below a share root and not change when links are resolved.
    private static func requireShareable(
        _ path: String, roots: [String], operation: String
    ) throws(EngineError) -> String {
        let resolved = try FileSystem.resolve(path, operation: operation)
        for root in roots {
            let root = try FileSystem.resolve(root, operation: operation)
            if resolved.hasPrefix(root == "/" ? "/" : root + "/"), FileSystem.kind(of: path) != .link {
                return resolved
            }
        }
        throw EngineError(
            .permissionDenied, operation, reason: "\(path) lies in no folder that this node shares",
            remedy: "add its folder to the backend's shareRoots", path: path)
    }
}

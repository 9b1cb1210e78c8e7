import NodeInterface
import TorrentEngine

/// Makes torrents of local files, each content once: asking again, or at the same time, does not hash again.
actor SharedFiles {
    /// A file as it is. Any write, replacement or change of mode makes another of it.
    private struct Key: Hashable {
        let path: String
        let identity: FileIdentity
    }

    /// A torrent of a file, and the folder that the file is in.
    struct Shared: Sendable {
        let metainfo: Metainfo
        let folder: String
        /// The file as it was when it was hashed: the engine sends no other.
        let identities: [FileIdentity?]
    }

    /// How many torrents are remembered.
    private static let limit = 1000

    private let work = SharedWork<Key, Shared>()
    private var known: [Key: Shared] = [:]
    private var order: [Key] = []
    /// How many times content was hashed.
    private(set) var hashCount = 0

    /// - Parameters:
    ///   - path: The real path.
    ///   - preferred: A wish, which a torrent that is known already overrules.
    func torrent(of path: String, preferred: Int64?, operation: String) async throws(BackendError) -> Shared {
        let identity = try await translatingErrors { () throws(EngineError) in
            try await blocking(operation) { () throws(EngineError) in
                try FileIdentity(of: path, operation: operation)
            }
        }
        let key = Key(path: path, identity: identity)
        if let shared = known[key] { return shared }
        return try await work.value(for: key, operation: operation) { () throws(BackendError) in
            try await self.make(key, preferred, operation)
        }
    }

    private func make(_ key: Key, _ preferred: Int64?, _ operation: String) async throws(BackendError)
        -> Shared
    {
        if let shared = known[key] { return shared }
        hashCount += 1
        var options = TorrentCreator.Options()
        options.pieceLengthBytes = preferred.map {
            PieceLength.clamp($0, contentBytes: key.identity.sizeBytes)
        }
        let created = try await translatingErrors { () throws(EngineError) in
            try await TorrentCreator(options: options).create(of: key.path)
        }
        guard let folder = created.savePath else {
            throw BackendError(
                .internalFailure, operation, reason: "the torrent has another name than its file")
        }
        let shared = Shared(
            metainfo: created.metainfo, folder: folder, identities: created.identities)
        // What was hashed may be another version than what was looked at before.
        if let hashed = created.files.first, created.files.count == 1 {
            remember(shared, for: Key(path: key.path, identity: hashed.identity))
        }
        return shared
    }

    private func remember(_ shared: Shared, for key: Key) {
        // Former versions of that file are of no use any more.
        known = known.filter { $0.key.path != key.path }
        order.removeAll { $0.path == key.path }
        known[key] = shared
        order.append(key)
        if order.count > Self.limit { known[order.removeFirst()] = nil }
    }
}

/// What is made of a wish for a piece length.
enum PieceLength {
    private static let allowed: [UInt64] = (14...24).map { 1 << $0 }

    /// The largest power of two in 16 KiB … 16 MiB that is not above the wish; larger where there would be more than
    /// 65,536 pieces.
    static func clamp(_ wish: Int64, contentBytes: UInt64) -> Int {
        let wish = UInt64(max(0, wish))
        let nearest = allowed.last { $0 <= wish } ?? allowed[0]
        let length = allowed.first { $0 >= nearest && contentBytes.dividedRoundingUp(by: $0) <= 65_536 }
        return Int(length ?? allowed[allowed.count - 1])
    }
}

extension UInt64 {
    fileprivate func dividedRoundingUp(by divisor: UInt64) -> UInt64 {
        self == 0 ? 0 : (self - 1) / divisor + 1
    }
}

public import TorrentEngine

/// What a user names to fetch a torrent: a `.torrent`, an invite, or an info-hash alone.
public enum TorrentReference: Sendable {
    /// A parsed `.torrent`.
    case metainfo(Metainfo)
    /// A magnet link (BEP 9). Its peers count only where the caller makes members of them.
    case magnet(MagnetLink)
    /// A v1 info-hash.
    case infoHash(InfoHash)

    /// Reads a magnet link, 40 hexadecimal or 32 base32 digits, or else the path of a `.torrent`.
    ///
    /// Reads a file, so it may block for moments.
    /// - Throws: `.malformed`, `.inputMissing`, `.permissionDenied`, `.limitExceeded`.
    public init(parsing text: String, limits: MetainfoLimits = .standard) throws(EngineError) {
        if text.prefix(7).lowercased() == "magnet:" {
            self = .magnet(try MagnetLink(parsing: text))
        } else if !text.contains("/"), !text.contains("."), let infoHash = try? InfoHash(parsing: text) {
            self = .infoHash(infoHash)
        } else {
            self = .metainfo(try Metainfo(contentsOf: text, limits: limits))
        }
    }

    /// The v1 info-hash.
    public var infoHash: InfoHash {
        switch self {
        case .metainfo(let metainfo): metainfo.infoHash
        case .magnet(let magnet): magnet.infoHash
        case .infoHash(let infoHash): infoHash
        }
    }

    /// What an invite calls it; nil where it does not, or at a length that nobody reads.
    var displayName: String? {
        guard case .magnet(let magnet) = self, let name = magnet.name, name.utf8.count < 1024 else {
            return nil
        }
        return name
    }
}

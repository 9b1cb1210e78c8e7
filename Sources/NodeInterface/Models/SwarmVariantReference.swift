/// How a variant becomes a torrent.
///
/// Later versions may add cases: switch with a default. Not `Codable`, on purpose: a path must never come from a
/// peer's message.
public enum SwarmVariantReference: Sendable, Hashable {
    /// The bytes of a `.torrent` file (BEP 3).
    case torrentBytes([UInt8])
    /// The absolute path of a `.torrent` file on this machine.
    case torrentFile(path: String)
    /// The URL of a `.torrent` file, which the node's ``MetainfoLoader`` fetches.
    case torrentURL(String)
    /// A magnet link (BEP 9). Its trackers and web seeds are dropped, and its peers too unless it is an invite.
    case magnet(String)
    /// An info-hash: 40 hexadecimal or 32 base32 digits.
    case infoHash(String)
    /// The absolute path of a local file to make a torrent of and seed; under a configured root, no symbolic link.
    case localFile(path: String)
}

import CLibtorrent

/// A magnet link (BEP 9): an info-hash, and where members can be reached.
///
/// Trackers, web seeds and DHT nodes that a link names are not kept, see `dropped`; the text that is written
/// back has none.
public struct MagnetLink: Sendable, Hashable {
    /// The torrent (`xt`).
    public let infoHash: InfoHash
    /// The name for display (`dn`), made harmless but untrusted; nil where the link has none.
    public let name: String?
    /// The size of the content in bytes (`xl`); nil where the link has none.
    public let sizeBytes: UInt64?
    /// The peers that are given by literal address and port (`x.pe`), each once.
    public let peers: [PeerEndpoint]
    /// What the text had that is not kept.
    public let dropped: [Metainfo.Dropped]

    /// Makes a link.
    public init(
        infoHash: InfoHash, name: String? = nil, sizeBytes: UInt64? = nil, peers: [PeerEndpoint] = []
    ) {
        self.infoHash = infoHash
        self.name = name
        self.sizeBytes = sizeBytes
        self.peers = peers
        dropped = []
    }

    /// Reads a magnet link of at most 64 KiB and 1,000 peers.
    ///
    /// Resolves nothing; never blocks.
    ///
    /// - Throws: `EngineError.Code.malformed` (a hash that is not exactly 40 hexadecimal or 32 base32 digits,
    ///   two hashes, a peer that is neither an address nor a host name with a port …), `.limitExceeded`, or
    ///   `.refusedByPrivateMode` where the link names a v2 torrent only.
    public init(parsing text: String) throws(EngineError) {
        let operation = "read the magnet link"  // not quoted: the hash is the swarm's secret
        var native: OpaquePointer?
        var utf8 = text
        try nativeCall(operation) { error in
            utf8.withUTF8 { buffer in
                buffer.withMemoryRebound(to: CChar.self) {
                    clt_magnet_parse($0.baseAddress, $0.count, &native, error)
                }
            }
        }
        defer { clt_magnet_free(native) }
        var summary = clt_magnet_summary()
        summary.struct_size = UInt32(MemoryLayout<clt_magnet_summary>.size)
        try nativeCall(operation) { clt_magnet_get_summary(native, &summary, $0) }
        guard summary.has_v1 != 0,
            let hash = withUnsafeBytes(of: summary.info_hash_v1, { InfoHash(bytes: $0) })
        else {
            throw EngineError(
                .refusedByPrivateMode, operation, reason: "it names a v2 torrent only",
                remedy: "create the torrent anew as a plain v1 torrent")
        }

        var peers: [PeerEndpoint] = []
        for index in 0..<summary.peer_count {
            var endpoint = clt_endpoint()
            try nativeCall(operation) { clt_magnet_get_peer(native, index, &endpoint, $0) }
            guard let peer = PeerEndpoint(endpoint) else { continue }
            peers.append(peer)
        }
        infoHash = hash
        name = summary.name_length == 0 ? nil : TorrentEngine.text(summary.name, summary.name_length)
        sizeBytes = summary.size == 0 ? nil : summary.size
        self.peers = peers
        dropped = [Metainfo.Dropped](flags: summary.dropped)
    }
}

extension MagnetLink: CustomStringConvertible {
    /// The link as text, which any client understands: `magnet:?xt=urn:btih:…&dn=…&xl=…&x.pe=…`.
    ///
    public var description: String {
        var out = "magnet:?xt=urn:btih:\(infoHash)"
        if let name { out += "&dn=" + Self.percentEncoded(name) }
        if let sizeBytes { out += "&xl=\(sizeBytes)" }
        // Not encoded: libtorrent does not decode this parameter.
        for peer in peers { out += "&x.pe=\(peer)" }
        return out
    }

    /// Everything but RFC 3986's unreserved characters as %XX.
    private static func percentEncoded(_ text: String) -> String {
        let hex = Array("0123456789ABCDEF".utf8)
        let unreserved = Set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~".utf8)
        let bytes = text.utf8.flatMap { byte in
            unreserved.contains(byte)
                ? [byte] : [UInt8(ascii: "%"), hex[Int(byte >> 4)], hex[Int(byte & 15)]]
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}

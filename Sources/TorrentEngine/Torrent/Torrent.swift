/// A torrent of an engine: a light, copyable reference.
///
/// It stays valid until ``remove()``; after that every call throws `.torrentNotFound`. Its ID is never given to
/// another torrent.
public struct Torrent: Sendable, Hashable {
    /// Identifies a torrent within a process; never reused.
    public struct ID: Sendable, Hashable, CustomStringConvertible {
        let raw: UInt64
        /// The number, for logs.
        public var description: String { String(raw) }
    }

    /// Its identity in the engine.
    public let id: ID
    /// Its v1 info-hash (BEP 3).
    public let infoHash: InfoHash
    let engine: Engine

    /// Two references are equal where they mean the same torrent.
    public static func == (left: Torrent, right: Torrent) -> Bool { left.id == right.id }
    /// Hashes the ID.
    public func hash(into hasher: inout Hasher) { hasher.combine(id) }

    /// Starts it and dials `peers` at once; on a running torrent it only dials.
    ///
    /// A peer that no member entry covers is not dialled: that is a
    /// ``EngineEvent/Kind/peerRefused(_:direction:reason:tries:)``.
    public func start(dialling peers: [PeerEndpoint] = []) async throws(EngineError) {
        try await engine.start(id, dialling: peers)
    }

    /// Closes its connections; ``start(dialling:)`` takes it up again.
    public func stop() async throws(EngineError) { try await engine.stop(id) }

    /// Waits for the info dictionary from a member (BEP 9), and parses it. It is held until ``acceptMetadata(_:)``.
    ///
    /// - Throws: `.timedOut`, `.malformed`, `.cancelled`, `.shutDown`, `.torrentNotFound`.
    public func metadata(within limit: Duration? = nil) async throws(EngineError) -> Metainfo {
        try await engine.metadata(of: id, within: limit)
    }

    /// Lets the held metadata in: the download begins.
    ///
    /// - Parameter metainfo: What ``metadata(within:)`` returned, and the caller has looked at.
    public func acceptMetadata(_ metainfo: Metainfo) async throws(EngineError) {
        try await engine.acceptMetadata(metainfo, of: id)
    }

    /// Waits until what is on disk is known.
    public func waitUntilChecked(within limit: Duration? = nil) async throws(EngineError) {
        try await engine.wait(for: .checked, of: id, within: limit)
    }

    /// Waits until every piece is verified.
    ///
    /// - Throws: the storage error that stopped the torrent, `.timedOut`, `.cancelled`, `.shutDown`,
    ///   `.torrentNotFound`.
    public func waitUntilFinished(within limit: Duration? = nil) async throws(EngineError) {
        try await engine.wait(for: .finished, of: id, within: limit)
    }

    /// Replaces the members. Whoever no longer matches is cut before this returns.
    public func setMembers(_ members: [Member]) async throws(EngineError) {
        try await engine.setMembers(members, of: id)
    }

    /// Limits of this torrent in bytes a second; 0 for none.
    public func setRateLimits(upload: UInt32, download: UInt32) async throws(EngineError) {
        try await engine.setRateLimits(upload: upload, download: download, of: id)
    }

    /// The torrent at this moment.
    public func status() async throws(EngineError) -> TorrentStatus { try await engine.status(of: id) }

    /// Its peers at this moment.
    public func peers() async throws(EngineError) -> [PeerSnapshot] { try await engine.peers(of: id) }

    /// Which pieces are verified at this moment: a bit each, the first piece in the highest bit of the first byte.
    public func verifiedPieces() async throws(EngineError) -> [UInt8] { try await engine.pieces(of: id) }

    /// libtorrent's resume data, without any peer or tracker: what ``ResumeData`` reads.
    ///
    /// Keep it beside the `.torrent`, which is not in it.
    ///
    /// - Throws: `.wrongState` before what is on disk is known (``waitUntilChecked(within:)``): it would forget
    ///   pieces that are there. `.inputOutput`, `.timedOut`, `.cancelled`, `.shutDown`, `.torrentNotFound`.
    public func resumeData() async throws(EngineError) -> [UInt8] { try await engine.resumeData(of: id) }

    /// Takes it out of the swarm at once, and returns when its files are closed. The files stay.
    public func remove() async throws(EngineError) { try await engine.remove(id) }
}

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

    /// Waits until every piece that is wanted is verified.
    ///
    /// - Throws: the storage error that stopped the torrent, `.timedOut`, `.cancelled`, `.shutDown`,
    ///   `.torrentNotFound`.
    public func waitUntilFinished(within limit: Duration? = nil) async throws(EngineError) {
        try await engine.wait(for: .finished, of: id, within: limit)
    }

    /// Says how much each file is wanted. At any time; what is not wanted is no longer asked for at once, and what is
    /// wanted after all is fetched from members that are connected or can be dialled: one that dialled us was let go
    /// when nothing was wanted of it, and must dial again.
    ///
    /// A piece is wanted as much as the file in it that is wanted most: where a file that is not wanted shares a piece
    /// with one that is, that much of it is fetched and written all the same, at its place, into a sparse file of its
    /// full size. No other file is made.
    ///
    /// - Parameter priorities: One for each file of `Metainfo.files`, pad files too: 0 for not wanted, 1 the least … 7
    ///   the most wanted; 4 is what each has by default. Empty: the default for all. Before the metadata is there, any
    ///   number: files beyond have the default.
    /// - Throws: `.invalidArgument`, `.torrentNotFound`, `.shutDown`.
    public func setFilePriorities(_ priorities: [UInt8]) async throws(EngineError) {
        try await engine.setFilePriorities(priorities, of: id)
    }

    /// Fetches pieces in order, or (the default) the rarest first.
    public func setSequential(_ isSequential: Bool) async throws(EngineError) {
        try await engine.setSequential(isSequential, of: id)
    }

    /// Its files at this moment, in order, pad files too.
    ///
    /// - Throws: `.wrongState` before the metadata is accepted, `.torrentNotFound`, `.shutDown`.
    public func files() async throws(EngineError) -> [FileSnapshot] { try await engine.files(of: id) }

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

    /// Moves its files to another folder, on this file system or another; it stands still meanwhile
    /// (``TorrentStatus/isMoving``), and goes on as it was before, with or without success.
    ///
    /// On the same file system each file is linked there; on another it is copied, flushed and read back, which takes
    /// its time. What stands there already is never touched: one file in the way, and nothing is moved. While it goes
    /// on, and whatever ends it (an error, cancellation, a power cut), all of the content stands in one of the two
    /// folders, and as long as `saving` has not returned, in the old one.
    ///
    /// - Parameters:
    ///   - folder: The new save folder; an absolute path. Made where it is not there.
    ///   - saving: Makes a note of the new folder that outlives a crash, before the old files are removed. Where it
    ///     throws, they stay, the torrent is in the new folder all the same, and its error is thrown.
    /// - Returns: Old files that were left: somebody had changed them, or they could not be removed.
    /// - Throws: ``EngineError`` `.fileExists`, `.diskFull`, `.permissionDenied`, `.contentChanged`, `.inputOutput`,
    ///   `.invalidArgument` (it is there already), `.cancelled`: it is where it was, and works. `.wrongState` before
    ///   its content was checked, and while it is moved. Else what `saving` throws.
    @discardableResult
    public func move(
        to folder: String, saving: () async throws -> Void = {}
    ) async throws -> [LeftFile] {
        try await engine.carry(id, to: folder)
        do {
            try await saving()
        } catch {
            _ = try? await engine.endMove(id, discardingSources: false)
            throw error
        }
        return try await engine.endMove(id, discardingSources: true)
    }

    /// Gives one of its files another name, or another folder within the torrent's; it stands still meanwhile, and goes on
    /// as it was before, with or without success. What members see of it does not change.
    ///
    /// Also of a torrent that is not whole: the file goes on to be fetched under its new name, and one that is not there
    /// yet gets it when it comes. What stands there already is never touched. While it goes on, and whatever ends it, the
    /// file stands under its old name, its new one, or both.
    ///
    /// The engine makes no note of it: add the torrent by ``Metainfo/renamingFiles(_:)`` the next time. A torrent that
    /// outlasts the process is renamed by the package's `TorrentStore`.
    ///
    /// - Parameters:
    ///   - file: Its index in `Metainfo.files`.
    ///   - path: As ``Metainfo/renamingFiles(_:)`` takes it.
    /// - Throws: `.invalidArgument` for a name that no file of the torrent may have, or that it has already; `.fileExists`
    ///   where another file has it or something stands there; `.inUse` where another program has the file of a seed open
    ///   for writing; `.contentChanged`, `.diskFull`, `.permissionDenied`, `.inputOutput`; `.wrongState` before its
    ///   content was checked, and while it is moved; `.torrentNotFound`, `.shutDown`. Then it has the name that it had.
    public func rename(file: Int, to path: String) async throws(EngineError) {
        try await engine.rename(id, file: file, to: path)
    }

    /// Takes it out of the swarm at once, and returns when its files are closed. The files stay.
    public func remove() async throws(EngineError) { _ = try await engine.remove(id, deletingFiles: false) }

    /// Takes it out of the swarm at once, and returns when its files are closed, and gone where they are to go.
    ///
    /// - Parameter deletingFiles: Whether its files go too. Only those do that it wrote, or of which it had a verified
    ///   piece, and where still that very file stands; no link is followed. Folders go where they are then empty.
    /// - Returns: Files that were to go and did not, with the reason.
    @discardableResult
    public func remove(deletingFiles: Bool) async throws(EngineError) -> [LeftFile] {
        try await engine.remove(id, deletingFiles: deletingFiles)
    }
}

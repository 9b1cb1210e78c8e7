import TorrentEngine

/// A torrent of a store that is in the engine.
struct KeptTorrent: Sendable {
    let torrent: Torrent
    /// Which pieces the state directory says are there; nil where it says nothing.
    var savedPieces: [UInt8]?
    /// Whether its pieces are hashed before they are first sent, and not known to be good before.
    let isVerifiedOnRead: Bool
    /// Whether what is on disk is known to the engine.
    var isChecked = false
    /// Whether something may have come since it was last saved.
    var hasChanged = false
    /// The last save that was begun.
    var saving: Task<Result<Void, EngineError>, Never>?

    init(torrent: Torrent, savedPieces: [UInt8]?, isVerifiedOnRead: Bool) {
        self.torrent = torrent
        self.savedPieces = savedPieces
        self.isVerifiedOnRead = isVerifiedOnRead
    }
}

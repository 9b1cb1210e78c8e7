public import TorrentEngine

/// What happens to the torrents of a store.
public enum StoreEvent: Sendable {
    /// What a call of the store's changed of a torrent that it keeps.
    public enum Change: String, Sendable, Hashable {
        /// It was paused.
        case paused
        /// It was taken up again.
        case resumed
        /// Who may be in its swarm.
        case members
        /// Its own limits.
        case limits
        /// Which of its files are wanted.
        case selection
        /// The name of a file.
        case names
    }

    /// What is known of the content is on the disk; so many pieces are there.
    case saved(InfoHash, pieces: Int)
    /// It could not be saved; what was saved before stays, and it is tried again.
    case saveFailed(InfoHash, EngineError)
    /// It could not be saved in time at the end: at the next start it is looked at as after a crash.
    case notSavedInTime(InfoHash)
    /// A call changed what is kept of a torrent.
    case changed(InfoHash, Change)
    /// A torrent was removed by its retention or for room.
    case retired(InfoHash, RetentionPlan.Reason)
    /// A file of the state directory is broken.
    case problem(StateProblem)
    /// A torrent of the state directory runs again, or is paused as it was.
    case restored(Torrent)
    /// A torrent of the state directory could not be taken up; it stays there.
    case notRestored(InfoHash, EngineError)
}

public import TorrentEngine

extension MetricDescription {
    /// What a ``TorrentStore`` and fetches record.
    public static let store: [MetricDescription] = [
        torrents, peers, verifiedBytes, missingBytes, saves, saveTime, restores, retentionRemovals,
        stateProblems,
        fetches,
    ]

    /// What ``SwarmSignalHandlers`` record.
    public static let fallbacks: [MetricDescription] = [fallbackRequests, fallbackAnswers]

    static let torrents = MetricDescription(
        "privatetorrent_torrents", .gauge, ["state"], help: "Torrents that are kept, by what they are doing.")
    static let peers = MetricDescription(
        "privatetorrent_connected_peers", .gauge, help: "Members that are connected, over all torrents.")
    static let verifiedBytes = MetricDescription(
        "privatetorrent_verified_bytes", .gauge,
        help: "Content that is there and verified, over all torrents.")
    static let missingBytes = MetricDescription(
        "privatetorrent_missing_bytes", .gauge,
        help: "Content that is wanted and not there yet, over all torrents.")
    static let saves = MetricDescription(
        "privatetorrent_saves", .counter, ["outcome"],
        help: "Times that what is known of a torrent was saved.")
    static let saveTime = MetricDescription(
        "privatetorrent_save_duration", .timer,
        help: "How long a save took: content made durable, and the claim to have it written.")
    static let restores = MetricDescription(
        "privatetorrent_restores", .counter, ["outcome"],
        help: "Torrents that were taken up from the state directory, or could not be, or stopped later.")
    static let retentionRemovals = MetricDescription(
        "privatetorrent_retention_removals", .counter, ["reason"],
        help: "Torrents that went by their retention or for room.")
    static let stateProblems = MetricDescription(
        "privatetorrent_state_problems", .counter,
        help: "Broken files of the state directory that were found.")
    static let fetches = MetricDescription(
        "privatetorrent_fetches", .counter, ["outcome"], help: "Fetches that ended.")
    static let fallbackRequests = MetricDescription(
        "privatetorrent_fallback_requests", .counter, ["outcome"],
        help: "Fallbacks to a private swarm that this node asked for, by how they ended.")
    static let fallbackAnswers = MetricDescription(
        "privatetorrent_fallback_answers", .counter, ["reason"],
        help: "Fallbacks that peers asked this node for, by the answer.")
}

extension MetricDescription {
    /// What an ``Engine`` records.
    public static let engine: [MetricDescription] = [
        content, protocolBytes, discarded, verifiedPieces, hashFailures, dials, handshakes, disconnects,
        refusals, bans,
        diskFaults, limitedPeers, droppedEvents, interfacesDown,
    ]

    /// Its dimensions with these values, in order.
    package func with(_ values: [String]) -> [(String, String)] { Array(zip(dimensions, values)) }

    static let content = MetricDescription(
        "privatetorrent_content_bytes", .counter, ["direction"],
        help: "Content received from and sent to peers, whatever became of it.")
    static let protocolBytes = MetricDescription(
        "privatetorrent_protocol_bytes", .counter, ["direction"],
        help: "BitTorrent traffic beside the content: handshakes, messages, metadata. Without TCP/IP.")
    static let discarded = MetricDescription(
        "privatetorrent_discarded_bytes", .counter, ["reason"],
        help: "Content received for nothing: it failed its hash, or came twice.")
    static let verifiedPieces = MetricDescription(
        "privatetorrent_verified_pieces", .counter,
        help: "Pieces that passed their hash, or were known to when an unfinished torrent was taken up.")
    static let hashFailures = MetricDescription(
        "privatetorrent_hash_failures", .counter,
        help: "Pieces that failed their hash, and are fetched again.")
    static let dials = MetricDescription(
        "privatetorrent_dials", .counter, help: "Connections to members that were begun.")
    static let handshakes = MetricDescription(
        "privatetorrent_handshakes", .counter, ["direction"],
        help: "Handshakes with members that were complete, by who dialled whom.")
    static let disconnects = MetricDescription(
        "privatetorrent_disconnects", .counter, ["reason"],
        help: "Connections of members, and attempts at one, that ended.")
    static let refusals = MetricDescription(
        "privatetorrent_refusals", .counter, ["reason"],
        help:
            "Peers that were refused, and dials that were, by the rule. Those that the kernel drops are not in it."
    )
    static let bans = MetricDescription(
        "privatetorrent_bans", .counter,
        help: "Members that sent corrupt data, and were banned from a torrent.")
    static let diskFaults = MetricDescription(
        "privatetorrent_disk_faults", .counter, ["kind"],
        help:
            "Times that a torrent was stopped by the file system, or that verified content was found corrupt."
    )
    static let limitedPeers = MetricDescription(
        "privatetorrent_limit_waiting_peers", .gauge, ["direction"],
        help: "Peers whose bytes wait for a rate limit.")
    static let droppedEvents = MetricDescription(
        "privatetorrent_events_dropped", .counter, ["at"],
        help: "Events that were dropped because nobody took them in time.")
    static let interfacesDown = MetricDescription(
        "privatetorrent_interfaces_down", .gauge,
        help: "Interfaces that the engine is bound to and that are away: while there is one, it stands still."
    )
}

/// What `event` says: each name has one form, and its row in Docs/Cli.md.
enum EventName: String, Encodable, CaseIterable {
    case bundle, config, created, dashboard, demo, denied, doctor, error, explanation, finished, inspected,
        interface
    case invite, leakcheck, leakcheckRow, listening, members, moved, nodeEvent, peer, pieces, ping, progress,
        removed
    case restored, state, status, torrent, torrentPeer, verified, version
}

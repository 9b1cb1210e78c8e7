import ArgumentParser
import NodeControl
import PrivateTorrent
import TorrentEngine

/// `swarmctl peers`
struct Peers: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract:
            "Show the peers of a torrent, with the rule that admitted each; or who was refused, with --denied.",
        discussion: """
            A peer that is not connected is listed with how its last connection ended. Under CHOKE, an arrow up is what \
            we send, an arrow down what we get; with ! the receiving side wants it, and with - it is choked.
            """)

    @Argument(help: "The torrent: its info-hash, the first digits of it, or its name. Not with --denied.")
    var torrent: String?
    @Flag(help: "Show the last addresses that were refused, and why.")
    var denied = false
    @OptionGroup var node: NodeOptions
    @OptionGroup var common: CommonOptions

    func validate() throws {
        guard denied == (torrent == nil) else {
            throw ValidationError("name a torrent, or give --denied for the whole node")
        }
    }

    func run() async throws {
        guard let torrent else { return try await showDenied() }
        let found = try TorrentArgument.find(torrent, in: try await node.client.torrents())
        let peers = try await node.client.peers(of: found.infoHash)
        let output = common.output
        for peer in peers { output.emit(TorrentPeerEvent(infoHash: "\(found.infoHash)", peer: peer)) }
        guard !peers.isEmpty else {
            output.note("\(found.title): no peers; `swarmctl explain` says why")
            return
        }
        let head = [
            "STATE", "ENDPOINT", "IDENTITY", "RULE", "SOURCE", "CHOKE", "DOWN", "UP", "PIECES", "LAST ERROR",
        ]
        for line in List.aligned([head] + peers.map(Self.row)) { output.print(line) }
    }

    private static func row(_ peer: PeerReport) -> [String] {
        let up = "↑\(peer.isInterested ? "!" : " ")\(peer.isChoked ? "-" : " ")"
        let down = "↓\(peer.isInteresting ? "!" : " ")\(peer.isChokingUs ? "-" : " ")"
        return [
            peer.state.rawValue, "\(peer.endpoint)", safe(peer.identity ?? ""), safe(peer.rule ?? ""),
            peer.source ?? "",
            up + down, Units.rate(peer.downloadRate), Units.rate(peer.uploadRate), "\(peer.pieceCount)",
            peer.lastError.map { safe("\($0.words), \(Units.ago($0.secondsAgo))") } ?? "",
        ]
    }

    private func showDenied() async throws {
        let report = try await node.client.get("/v1/refusals", as: RefusalReport.self)
        let output = common.output
        output.emit(DeniedEvent(report: report))
        guard !report.denied.isEmpty else {
            output.note("nobody was refused")
            return
        }
        let rows = report.denied.map { entry in
            [
                "\(entry.endpoint)", "\(entry.tries)", Units.ago(entry.lastSecondsAgo),
                entry.infoHash.map { String("\($0)".prefix(8)) } ?? "",
                entry.formerMember?.words ?? entry.reason.words,
            ]
        }
        for line in List.aligned([["ENDPOINT", "TRIES", "LAST", "TORRENT", "WHY"]] + rows) {
            output.print(line)
        }
    }
}

/// A peer of a torrent.
struct TorrentPeerEvent: OutputEvent {
    static let event = EventName.torrentPeer
    let infoHash: String
    let peer: PeerReport
}

/// Who was refused.
struct DeniedEvent: OutputEvent {
    static let event = EventName.denied
    let report: RefusalReport

    func encode(to encoder: any Encoder) throws { try report.encode(to: encoder) }
}

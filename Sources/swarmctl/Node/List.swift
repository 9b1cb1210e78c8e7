import ArgumentParser
import NodeControl
import TorrentEngine

/// `swarmctl list`
struct List: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "List the torrents of a running node.",
        discussion: """
            With --json one "torrent" object a line, with the whole info-hash and everything else that is known of it.
            """)

    @OptionGroup var node: NodeOptions
    @OptionGroup var common: CommonOptions

    func run() async throws {
        let output = common.output
        let torrents = try await node.client.torrents()
        for torrent in torrents { output.emit(TorrentEvent(torrent: torrent)) }
        guard !torrents.isEmpty else {
            output.note("no torrents")
            return
        }
        for line in Self.table(torrents) { output.print(line) }
        for torrent in torrents {
            guard let error = torrent.lastError else { continue }
            output.warn("\(safe(torrent.name ?? "\(torrent.infoHash)")): \(safe(error.reason))")
            if let remedy = error.remedy { output.note("  " + safe(remedy)) }
        }
    }

    /// The torrents, one a line, below a line that names the columns.
    static func table(_ torrents: [TorrentReport]) -> [String] {
        aligned(
            [["STATE", "DONE", "SIZE", "DOWN", "UP", "PEERS", "INFO-HASH", "NAME"]] + torrents.map(row))
    }

    private static func row(_ torrent: TorrentReport) -> [String] {
        [
            torrent.state.rawValue, "\(Units.percent(torrent.verifiedBytes, of: torrent.wantedBytes)) %",
            Units.size(torrent.sizeBytes), Units.rate(torrent.downloadRate), Units.rate(torrent.uploadRate),
            "\(torrent.connectedPeers)", String("\(torrent.infoHash)".prefix(8)),
            safe(torrent.name ?? "not known yet"),
        ]
    }

    /// Rows with their columns below each other; the last is as long as it is.
    static func aligned(_ rows: [[String]]) -> [String] {
        let widths = (rows.first ?? []).indices.map { column in
            rows.map { $0[column].count }.max() ?? 0
        }
        return rows.map { row in
            row.enumerated().map { column, text in
                column == row.count - 1
                    ? text : text + String(repeating: " ", count: widths[column] - text.count)
            }.joined(separator: "  ")
        }
    }
}

/// A torrent of a node.
struct TorrentEvent: OutputEvent {
    static let event = EventName.torrent
    let torrent: TorrentReport

    func encode(to encoder: any Encoder) throws { try torrent.encode(to: encoder) }
}

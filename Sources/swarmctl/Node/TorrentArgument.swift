import ArgumentParser
import NodeControl

/// Which torrent of the node a command is about.
struct TorrentArgument: ParsableArguments {
    @Argument(
        help: "The torrent: its info-hash, the first digits of it (four or more), or its name.",
        completion: .custom { words, _, _ in await TorrentCompletions.all(words) })
    var torrent: String

    /// The one that is meant.
    ///
    /// - Throws: ``Failure`` where there is none, or where more than one fits.
    func find(_ client: ControlClient) async throws -> TorrentReport {
        try Self.find(torrent, in: try await client.torrents())
    }

    static func find(_ text: String, in torrents: [TorrentReport]) throws(Failure) -> TorrentReport {
        let digits = text.lowercased()
        var fitting = torrents.filter { "\($0.infoHash)" == digits }
        if fitting.isEmpty {
            // Names come from others: one that is the digits of another torrent is not to be taken for it.
            fitting = torrents.filter {
                $0.name == text || digits.count >= 4 && "\($0.infoHash)".hasPrefix(digits)
            }
        }
        guard let found = fitting.first else {
            throw Failure(
                "torrentNotFound", .inputMissing, "the node has no torrent \(text)",
                remedy: "swarmctl list shows those that it has")
        }
        guard fitting.count == 1 else {
            throw .usage("\(fitting.count) torrents fit \(text)", remedy: "give more digits of the info-hash")
        }
        return found
    }
}

extension TorrentReport {
    /// The path of its routes.
    var route: String { "/v1/torrents/\(infoHash)" }

    /// Its name, or else its info-hash, for people.
    var title: String { safe(name ?? "\(infoHash)") }
}

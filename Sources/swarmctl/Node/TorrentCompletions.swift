import NodeControl

/// What a shell offers where a torrent is to be named: those of the node that the line speaks of.
enum TorrentCompletions {
    /// Nothing where no node answers within two seconds: nobody waits for a key longer.
    static func all(_ words: [String], within time: Duration = .seconds(2)) async -> [String] {
        var client = ControlClient(path: socket(in: words))
        client.answerTime = time
        return Self.words(of: (try? await client.torrents()) ?? [])
    }

    /// Of `--socket PATH` or `--socket=PATH`.
    static func socket(in words: [String]) -> String? {
        for (index, word) in words.enumerated() {
            if word.hasPrefix("--socket=") { return String(word.dropFirst("--socket=".count)) }
            if word == "--socket", index + 1 < words.count { return words[index + 1] }
        }
        return nil
    }

    /// Info-hashes, and those names that no shell reads as more than a word: names come from others.
    static func words(of torrents: [TorrentReport]) -> [String] {
        torrents.map { "\($0.infoHash)" }
            + torrents.compactMap(\.name).filter { name in
                !name.hasPrefix("-") && name.unicodeScalars.allSatisfy { isPlain($0) }
            }
    }

    private static func isPlain(_ scalar: Unicode.Scalar) -> Bool {
        scalar.properties.isAlphabetic || ("0"..."9").contains(scalar)
            || "._-".unicodeScalars.contains(scalar)
    }
}

public import TorrentEngine

/// Which files of a torrent to fetch, by glob or by index; what is in it need not be known yet.
///
/// A pattern of digits alone is an index into `Metainfo.files` (the first file is 0, pad files count), as
/// `swarmctl inspect` shows them. Any other is a glob, matched against the whole path, with and without the torrent's
/// name at its beginning, and where it has no `/`, against the last component too: `*` and `?` stand for anything but
/// `/`, `**` for anything, `[a-z]` and `[!a-z]` for one character, and `\` takes the next one as it is. Case counts.
public struct FileSelection: Sendable, Hashable {
    /// What to fetch; with none, every file.
    public var selected: [String]
    /// What to leave out of that.
    public var deselected: [String]

    /// Makes a selection; without patterns, of everything.
    public init(selecting selected: [String] = [], deselecting deselected: [String] = []) {
        self.selected = selected
        self.deselected = deselected
    }

    /// The files whose priority is above 0; everything where there are none.
    init(priorities: [UInt8]) {
        self.init(selecting: priorities.indices.filter { priorities[$0] > 0 }.map(String.init))
    }

    /// Whether it leaves nothing out.
    public var isEverything: Bool { selected.isEmpty && deselected.isEmpty }

    /// The priority of each file of the torrent, for ``AddOptions/filePriorities``: 4, or 0 where it is left out (and for padding).
    ///
    /// - Throws: `.noSuchFile` with every pattern that matches no file, or where nothing is left to fetch.
    public func priorities(in metainfo: Metainfo) throws(EngineError) -> [UInt8] {
        let operation = "choose files of \(quoted(metainfo.name))"
        let wanted = try match(selected, metainfo, operation)
        let unwanted = try match(deselected, metainfo, operation)
        let priorities = metainfo.files.indices.map { index -> UInt8 in
            let isSelected = selected.isEmpty || wanted.contains(index)
            return isSelected && !unwanted.contains(index) && !metainfo.files[index].isPad ? 4 : 0
        }
        guard priorities.contains(where: { $0 > 0 }) else {
            throw EngineError(
                .noSuchFile, operation, reason: "every file is left out", remedy: "leave out less")
        }
        return priorities
    }

    private func match(
        _ patterns: [String], _ metainfo: Metainfo, _ operation: String
    ) throws(EngineError) -> Set<Int> {
        var found: Set<Int> = []
        var useless: [String] = []
        for pattern in patterns {
            let matches = Self.matches(of: pattern, in: metainfo)
            if matches.isEmpty { useless.append("'\(pattern)'") }
            found.formUnion(matches)
        }
        guard useless.isEmpty else {
            throw EngineError(
                .noSuchFile, operation, reason: "no file matches \(useless.joined(separator: ", "))",
                remedy: "swarmctl inspect lists the files of a .torrent, with their indices")
        }
        return found
    }

    private static func matches(of pattern: String, in metainfo: Metainfo) -> [Int] {
        if !pattern.isEmpty, pattern.utf8.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) })
        {
            guard let index = Int(pattern), metainfo.files.indices.contains(index),
                !metainfo.files[index].isPad
            else { return [] }
            return [index]
        }
        let glob = Glob(pattern)
        return metainfo.files.indices.filter { index in
            let file = metainfo.files[index]
            guard !file.isPad else { return false }
            let components = file.path.split(separator: "/")
            if glob.matches(file.path) || glob.matches(components.dropFirst().joined(separator: "/")) {
                return true
            }
            return !pattern.contains("/") && glob.matches(String(components.last ?? ""))
        }
    }
}

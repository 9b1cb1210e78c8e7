import PrivateTorrent

/// Finds keys that nothing reads: mistyped ones, most likely.
enum UnknownKeys {
    static func warnings(in snapshot: any TreeSnapshot) -> [String] {
        let (tree, ignoresCase) = (snapshot.tree, snapshot.ignoresCase)
        var out: [String] = []
        // A prefix in the wrong case would hide everything.
        if !ignoresCase {
            for length in 0..<OptionKey.prefix.count {
                let above = Array(OptionKey.prefix.prefix(length))
                let expected = OptionKey.prefix[length]
                guard case .section(let children) = tree.node(at: above, ignoringCase: false) else { break }
                for key in children.keys.sorted()
                where key != expected && key.lowercased() == expected.lowercased() {
                    out.append("\(snapshot.spell(above + [key])) is not read: write \(expected)")
                }
            }
        }
        for length in 1...OptionKey.prefix.count {
            let path = Array(OptionKey.prefix.prefix(length))
            switch tree.node(at: path, ignoringCase: ignoresCase) {
            case .text, .list: out.append("\(snapshot.spell(path)) is not read: it is to be a section")
            case nil, .null, .section: break
            }
        }
        out += below(OptionKey.prefix, snapshot)
        if tree.node(at: OptionKey.privateMode.path, ignoringCase: ignoresCase) == .null {
            out.append(
                "\(snapshot.spell(OptionKey.privateMode.path)) is null, which counts as absent: write {} to have it"
            )
        }
        return out
    }

    private static func below(_ path: [String], _ snapshot: any TreeSnapshot) -> [String] {
        guard case .section(let children) = snapshot.tree.node(at: path, ignoringCase: snapshot.ignoresCase)
        else { return [] }
        var out: [String] = []
        for (key, child) in children.sorted(by: { $0.key < $1.key }) {
            let full = path + [key]
            if let known = OptionKey.allCases.first(where: { same($0.path, full, snapshot.ignoresCase) }) {
                if known == .privateMode || known == .limits, case .section = child {
                    out += below(full, snapshot)
                }
                continue
            }
            out.append(
                "\(snapshot.spell(full)) is not read: there is no such option. The nearest is "
                    + snapshot.spell(nearest(to: full).path))
        }
        return out
    }

    private static func same(_ left: [String], _ right: [String], _ ignoringCase: Bool) -> Bool {
        ignoringCase ? left.map { $0.lowercased() } == right.map { $0.lowercased() } : left == right
    }

    /// By the last word: a key may well stand in the wrong section.
    private static func nearest(to path: [String]) -> OptionKey {
        let word = path.last ?? ""
        let ranked = OptionKey.allCases.map { (key: $0, distance: distance(word, $0.path.last ?? "")) }
        return ranked.min { $0.distance < $1.distance }?.key ?? .enabled
    }

    /// How many letters must be put in, taken out or changed (Levenshtein), in whatever case.
    static func distance(_ left: String, _ right: String) -> Int {
        let right = Array(right.lowercased())
        var row = Array(0...right.count)
        for (line, letter) in left.lowercased().enumerated() {
            var diagonal = row[0]
            row[0] = line + 1
            for (column, other) in right.enumerated() {
                let change = diagonal + (letter == other ? 0 : 1)
                diagonal = row[column + 1]
                row[column + 1] = min(change, row[column] + 1, diagonal + 1)
            }
        }
        return row[right.count]
    }
}

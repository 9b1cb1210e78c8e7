import SwarmdSupport
import TorrentEngine

/// Takes out of a bundle what nobody outside is to see. What it does not know it takes out.
///
/// Learn first (``learn(_:)``), so that a name is found in the middle of a text too; then redact.
struct BundleRedactor {
    private var pseudonyms = Pseudonyms()
    private var known = KnownWords()
    /// The torrents, by their first 8 digits.
    private var prefixes: [String: String] = [:]

    /// - Parameter disabled: What is left as it is; nothing but in a test.
    init(disabled: Set<Pseudonyms.Kind> = []) { pseudonyms.disabled = disabled }

    // MARK: - What is known

    /// Learns a thing of a kind.
    mutating func learn(_ kind: Pseudonyms.Kind, _ text: String) {
        guard !text.isEmpty else { return }
        known.add(text, pseudonyms.name(kind, text))
    }

    /// Learns an info-hash in its forms.
    mutating func learn(_ infoHash: InfoHash) {
        let name = pseudonyms.name(.torrent, "\(infoHash)")
        guard !pseudonyms.disabled.contains(.torrent) else { return }
        prefixes[String("\(infoHash)".prefix(8))] = "\(infoHash)"
        let digits = "\(infoHash)"
        for form in [digits, digits.uppercased()] + KnownWords.percentEncoded(infoHash.bytes) {
            known.add(form, name)
        }
    }

    /// Learns the folders and files of a path.
    mutating func learn(path: String) {
        for component in path.split(separator: "/") where !Self.isPublic(component) {
            // A short word stands in many a sentence without meaning anybody's folder; in a path it is replaced all the same.
            let isCommon =
                component.utf8.count <= 4
                && component.allSatisfy { $0.isASCII && ($0.isLowercase || $0.isNumber) }
            if !isCommon { learn(.name, String(component)) }
        }
    }

    /// Learns an address, which is found by itself where it is written plainly.
    mutating func learn(_ address: IPAddress) {
        guard !Self.isPublic(address) else { return }
        let name = pseudonyms.name(.address, "\(address)")
        // Not plainly: in an IPv6 address that an IPv4 address is mapped into, it would leave the rest.
        for form in KnownWords.percentEncoded("\(address)") where form != "\(address)" {
            known.add(form, name)
        }
    }

    // MARK: - Redacting

    /// A text of any kind.
    mutating func text(_ text: String) -> String {
        guard !Pseudonyms.isPseudonym(text) else { return text }
        var out = known.replaced(in: invites(text))
        out = identities(out)
        out = quotes(out)
        return paths(out)
    }

    /// A line of metrics, whose labels are words of ours.
    mutating func metric(_ line: String) -> String { identities(known.replaced(in: line)) }

    /// A value of JSON, below the key that leads there.
    mutating func tree(_ value: JSONTree, key: String = "", above: String = "") -> JSONTree {
        switch value {
        case .null, .flag, .natural, .integer, .number: value
        case .text(let found): .text(string(found, key: key, above: above))
        case .list(let list): .list(list.map { tree($0, key: key, above: above) })
        case .object(let object):
            .object(
                object.sorted { $0.key < $1.key }.reduce(into: [:]) { out, pair in
                    // Keys are words of ours; a name is no key.
                    let name = Self.isWord(pair.key) ? identities(pair.key) : pseudonyms.name(.text, pair.key)
                    out[name] = tree(pair.value, key: pair.key, above: key)
                })
        }
    }

    private mutating func string(_ value: String, key: String, above: String) -> String {
        switch FieldKind.of(key, below: above) {
        case .open: value
        case .words: text(value)
        case .path: path(value)
        case .place: value.hasPrefix("/") ? path(value) : text(value)
        case .secret(let kind): Pseudonyms.isPseudonym(value) ? value : pseudonyms.name(kind, value)
        case .infoHash: identities(value)
        case .client: Self.isKnownClient(value) ? value : pseudonyms.name(.client, value)
        // One of a later version: as it may be anything, it is nothing.
        case .unknown: pseudonyms.name(.text, value, as: value)
        }
    }

    /// An absolute or relative path, component by component.
    private mutating func path(_ path: String) -> String {
        let path = known.replaced(in: path)
        return path.split(separator: "/", omittingEmptySubsequences: false).map { component in
            let plain = identities(String(component))
            // `torrent-1.resume` of the state directory.
            let stem = plain.split(separator: ".").first ?? ""
            if plain.isEmpty || Self.isPublic(plain) || Pseudonyms.isPseudonym(stem) { return plain }
            return pseudonyms.name(.name, String(component))
        }.joined(separator: "/")
    }

    /// Addresses and info-hashes that are written plainly.
    private mutating func identities(_ text: String) -> String {
        IdentityScan.replacing(text) { found in
            switch found {
            case .address(let address):
                Self.isPublic(address) ? nil : pseudonyms.name(.address, "\(address)", as: "\(address)")
            case .infoHash(let digits):
                pseudonyms.name(
                    .torrent, (try? InfoHash(parsing: digits)).map { "\($0)" } ?? digits, as: digits)
            case .prefix(let digits): pseudonyms.name(.torrent, prefixes[digits] ?? digits, as: digits)
            }
        }
    }

    /// Magnet links, to where a text cannot go on.
    private mutating func invites(_ text: String) -> String {
        var out = ""
        var rest = text[...]
        while let found = rest.firstRange(of: "magnet:") {
            out += rest[..<found.lowerBound]
            rest = rest[found.lowerBound...]
            let end = rest.firstIndex { $0.isWhitespace || $0 == "\"" || $0 == "'" } ?? rest.endIndex
            let link = String(rest[..<end])
            out += pseudonyms.name(.invite, link)
            rest = rest[end...]
        }
        return out + rest
    }

    /// What stands in quotes came from outside: it goes, where it is more than pseudonyms.
    private mutating func quotes(_ text: String) -> String {
        var out = ""
        var rest = text[...]
        while let open = rest.firstIndex(of: "\"") {
            let inside = rest[rest.index(after: open)...]
            var close = inside.startIndex
            while close < inside.endIndex, inside[close] != "\"" {
                if inside[close] == "\\" { close = inside.index(after: close) }
                if close < inside.endIndex { close = inside.index(after: close) }
            }
            out += rest[...open]
            let words = String(inside[..<close])
            let stays = words.isEmpty || Self.isMadeOfPseudonyms(words)
            out += stays ? words : words.hasPrefix("/") ? path(words) : pseudonyms.name(.text, words)
            rest = inside[close...]
            if rest.first == "\"" {
                out += "\""
                rest = rest.dropFirst()
            }
        }
        return out + rest
    }

    /// Absolute paths, to where one most likely ends.
    private mutating func paths(_ text: String) -> String {
        var out = ""
        var rest = text[...]
        while let slash = rest.firstIndex(of: "/") {
            let before = slash == rest.startIndex ? out.last : rest[rest.index(before: slash)]
            out += rest[..<slash]
            rest = rest[slash...]
            let isStart = before.map { $0.isWhitespace || "\"'(=:,[".contains($0) } ?? true
            guard isStart else {
                out.append("/")
                rest = rest.dropFirst()
                continue
            }
            var end = rest.firstIndex { $0.isWhitespace || "\"',;)]".contains($0) } ?? rest.endIndex
            while end > rest.startIndex, ".:".contains(rest[rest.index(before: end)]) {
                end = rest.index(before: end)
            }
            out += path(String(rest[..<end]))
            rest = rest[end...]
        }
        return out + rest
    }
}

extension BundleRedactor {
    /// Says nothing of anybody.
    static func isPublic(_ address: IPAddress) -> Bool {
        address.isUnspecified || ["127.0.0.1", "::1"].contains("\(address)")
            || engineVersions.contains("\(address)")
    }

    /// libtorrent's look like an address.
    private static let engineVersions: [String] = {
        let versions = try? Engine.versions()
        return [versions?.engineCompiled, versions?.engineRunning].compactMap { $0 }
    }()

    /// Names that every machine has, and those of a state directory.
    static func isPublic(_ component: some StringProtocol) -> Bool {
        publicNames.contains(String(component))
    }

    private static let publicNames: Set = [
        "home", "root", "usr", "local", "var", "lib", "run", "srv", "etc", "tmp", "mnt", "media", "opt",
        "dev", "proc", "user", "swarmd", "privatetorrent", "control.sock", "control.sock.lock", "index.json",
        "torrents", "state", "quarantine", "running", "lock", "node.yaml", "node.yml", "node.json", ".", "..",
    ]

    private static let clients = [
        "libtorrent", "PrivateTorrent", "qBittorrent", "Transmission", "aria2", "rTorrent", "Deluge",
    ]

    /// A program's name and numbers alone.
    static func isKnownClient(_ text: String) -> Bool {
        guard let name = clients.first(where: { text.lowercased().hasPrefix($0.lowercased()) }) else {
            return text.isEmpty
        }
        return text.dropFirst(name.count).allSatisfy { "0123456789./- v".contains($0) }
    }

    private static func isWord(_ text: String) -> Bool {
        !text.isEmpty && text.utf8.count <= 40
            && text.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber) }
    }

    private static func isMadeOfPseudonyms(_ text: String) -> Bool {
        text.split { " /,:[]".contains($0) }.allSatisfy { word in
            Pseudonyms.isPseudonym(word) || isPublic(word)
                || word.allSatisfy { $0.isASCII && $0.isNumber }
        }
    }
}

import SwarmdSupport
import TorrentEngine

extension BundleRedactor {
    /// Learns everything that is named in a node's answers, so that it is found in the middle of a text too.
    mutating func learn(_ raw: Snapshots, hosts: [String]) {
        // In no order that says anything.
        for text in raw.infoHashes.shuffled() {
            if let infoHash = try? InfoHash(parsing: text) { learn(infoHash) }
        }
        for host in hosts { learn(.host, host) }
        for (_, tree) in raw.trees { learn(tree) }
    }

    /// By the keys, in the whole tree.
    mutating func learn(_ tree: JSONTree, key: String = "", above: String = "") {
        switch tree {
        case .null, .flag, .natural, .integer, .number: return
        case .list(let list): for element in list { learn(element, key: key, above: above) }
        case .object(let object):
            for (name, value) in object { learn(value, key: name, above: key) }
        case .text(let text):
            switch FieldKind.of(key, below: above) {
            case .secret(.name): learn(path: text)
            case .secret(let kind): learn(kind, text)
            case .path: learn(path: text)
            case .client where !Self.isKnownClient(text): learn(.client, text)
            case .place where text.hasPrefix("/"): learn(path: text)
            case .words, .place: learnAddresses(in: text)
            case .open, .infoHash, .client, .unknown: return
            }
        }
    }

    /// `peers/<info-hash>` with the torrent's pseudonym.
    mutating func memberName(_ name: String) -> String {
        name.split(separator: "/").map { InfoHash.isText($0) ? text(String($0)) : String($0) }
            .joined(separator: "/")
    }

    private mutating func learnAddresses(in text: String) {
        var found: [IPAddress] = []
        _ = IdentityScan.replacing(text) { part in
            if case .address(let address) = part { found.append(address) }
            return nil
        }
        for address in found { learn(address) }
    }
}

extension InfoHash {
    fileprivate static func isText(_ text: some StringProtocol) -> Bool {
        (try? InfoHash(parsing: String(text))) != nil
    }
}

import TorrentEngine

/// Takes out of a line of the log what says who shares what with whom: a log is read, kept and sent on by others.
package enum Redaction {
    /// Of an info-hash the first 8 digits stay; in place of an address stands `<address>`, but for loopback and "any".
    package static func redacted(_ text: String) -> String {
        IdentityScan.replacing(text) { found in
            switch found {
            case .address(let address): address.isLoopback || address.isUnspecified ? nil : "<address>"
            case .infoHash(let digits): digits.prefix(8) + "…"
            case .prefix: nil
            }
        }
    }
}

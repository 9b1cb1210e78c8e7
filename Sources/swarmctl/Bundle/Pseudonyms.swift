/// Names in place of what nobody is to see: the same thing has the same within a bundle, and by counting alone, so that
/// nothing leads back.
struct Pseudonyms {
    /// What is replaced.
    enum Kind: String, CaseIterable, Sendable {
        /// An IP address.
        case address
        /// An info-hash.
        case torrent
        /// The name of a file, a folder or a torrent.
        case name
        /// A user of the machine, or the machine itself.
        case host
        /// Whose address it is, as the node's policy knows it.
        case peer
        /// A job of the node.
        case job
        /// What a peer calls itself.
        case client
        /// A magnet link.
        case invite
        /// A text of which nobody knows what it says.
        case text
    }

    /// Those that are not replaced; for a test that sees what would be seen then.
    var disabled: Set<Kind> = []
    private var numbers: [Kind: [String: Int]] = [:]

    /// That of `thing`; `text` itself, or `thing`, where the kind is not replaced.
    mutating func name(_ kind: Kind, _ thing: String, as text: String? = nil) -> String {
        guard !disabled.contains(kind) else { return text ?? thing }
        if let number = numbers[kind]?[thing] { return "\(kind.rawValue)-\(number)" }
        let number = (numbers[kind]?.count ?? 0) + 1
        numbers[kind, default: [:]][thing] = number
        return "\(kind.rawValue)-\(number)"
    }

    /// Whether a text is nothing but a pseudonym.
    static func isPseudonym(_ text: some StringProtocol) -> Bool {
        guard let dash = text.lastIndex(of: "-"), Kind(rawValue: String(text[..<dash])) != nil else {
            return false
        }
        let number = text[text.index(after: dash)...]
        return !number.isEmpty && number.allSatisfy { $0.isASCII && $0.isNumber }
    }
}

/// Where the members of a swarm may come from.
///
/// Later versions may add cases: switch with a default.
public enum AllowedPeerSources: String, Sendable, Hashable, CaseIterable {
    /// The mesh overlay and the invite list.
    case both = "Both"
    /// The mesh overlay alone; a peer that a fallback signal brought counts as such.
    case overlay = "Overlay"
    /// The invite list alone; an invite that the user or operator pasted counts as such.
    case inviteList = "InviteList"

    /// Whether peers of the mesh overlay may be members.
    public var allowsOverlay: Bool { self != .inviteList }

    /// Whether the entries of the invite list are members.
    public var allowsInviteList: Bool { self != .overlay }

    /// Reads the word, in upper or lower case.
    package init?(word: String) {
        guard let value = Self.allCases.first(where: { $0.rawValue.lowercased() == word.lowercased() }) else {
            return nil
        }
        self = value
    }

    /// Every word there is.
    package static var words: String { allCases.map(\.rawValue).joined(separator: ", ") }
}

extension AllowedPeerSources: Codable {
    /// Reads the word, in upper or lower case.
    public init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        let word = try container.decode(String.self)
        guard let value = Self(word: word) else {
            throw DecodingError.dataCorruptedError(
                in: container, debugDescription: "AllowedPeerSources is one of \(Self.words)")
        }
        self = value
    }

    /// Writes the word.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(rawValue)
    }
}

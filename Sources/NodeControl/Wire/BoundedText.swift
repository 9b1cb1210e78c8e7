extension String {
    /// Bytes of a text that are kept where it quotes what came from elsewhere.
    static let boundedBytes = 2048

    /// Its beginning, in at most 2,048 bytes.
    var bounded: String {
        guard utf8.count > Self.boundedBytes else { return self }
        return String(decoding: utf8.prefix(Self.boundedBytes - 6), as: UTF8.self) + "…"
    }
}

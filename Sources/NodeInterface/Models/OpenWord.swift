/// A kind of enumeration that can grow: its known values are constants, and one that is not known is kept.
///
/// Switch over it with a `default`. JSON has the word.
public protocol OpenWord: Sendable, Hashable, Codable, RawRepresentable<String>, CustomStringConvertible {
    /// Makes a value of its word.
    init(rawValue: String)
}

extension OpenWord {
    /// The word.
    public var description: String { rawValue }
}

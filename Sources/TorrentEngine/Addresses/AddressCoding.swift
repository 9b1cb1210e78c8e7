extension IPAddress: Codable {
    /// Reads the text form from a single string.
    public init(from decoder: any Decoder) throws {
        self = try decoder.decodeText { text throws(EngineError) in try IPAddress(parsing: text) }
    }

    /// Writes the canonical text.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(description)
    }
}

extension PeerEndpoint: Codable {
    /// Reads the text form from a single string.
    public init(from decoder: any Decoder) throws {
        self = try decoder.decodeText { text throws(EngineError) in try PeerEndpoint(parsing: text) }
    }

    /// Writes the canonical text.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(description)
    }
}

extension Decoder {
    fileprivate func decodeText<Value>(_ read: (String) throws(EngineError) -> Value) throws -> Value {
        let container = try singleValueContainer()
        let text = try container.decode(String.self)
        do {
            return try read(text)
        } catch {
            throw DecodingError.dataCorruptedError(in: container, debugDescription: error.description)
        }
    }
}

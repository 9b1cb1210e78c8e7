internal import Foundation
public import NodeInterface

/// A signal's form on the wire: one JSON object in UTF-8 (RFC 8259).
///
/// `signalID`, `fromPeerID`, `toPeerID` (texts), `sentAt` (RFC 3339 in UTC), `type`, `body` (an object with the fields
/// of the type), `ttl` (whole seconds, 300 where it is missing), `preferredChannels` (words). Fields that are not known
/// are skipped.
public enum SignalCodec {
    /// Bytes of an envelope at most: 64 KiB.
    public static let maximumBytes = 64 << 10
    /// How deep objects and arrays may stand in each other: 16.
    public static let maximumDepth = 16
    /// UTF-8 bytes of an ID, a word or a reason at most: 256.
    public static let maximumTextBytes = 256
    /// Endpoints of one signal at most: 16.
    public static let maximumEndpoints = 16
    /// Channels of one signal at most: 8.
    public static let maximumChannels = 8
    /// Seconds for which a signal can count at most, on the wire: a day.
    public static let maximumTTLSeconds = 86_400

    /// Writes an envelope. The same signal gives the same bytes.
    ///
    /// - Throws: `.limitExceeded` where it has more of something than ``decode(_:)`` would take; `.malformed` for an
    ///   empty ID or a `ttl` that is not 1 second … 1 day.
    public static func encode(_ signal: Signal) throws(BackendError) -> [UInt8] {
        let operation = "encode a signal"
        let envelope = SignalEnvelope(signal)
        try envelope.check(operation)
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        let bytes: [UInt8]
        do {
            bytes = Array(try encoder.encode(envelope))
        } catch {
            throw BackendError(
                .malformed, operation, reason: "it has no form in JSON", underlying: "\(error)")
        }
        try checkSize(bytes, operation)
        return bytes
    }

    /// Reads an envelope: untrusted bytes.
    ///
    /// - Throws: `.limitExceeded` where it is too long, too deep, or has too much of something; `.unsupported` for a
    ///   type that is not known; `.malformed` for all else.
    public static func decode(_ bytes: [UInt8]) throws(BackendError) -> Signal {
        let operation = "decode a signal"
        try checkSize(bytes, operation)
        guard String(validating: bytes, as: UTF8.self) != nil else {
            throw BackendError(.malformed, operation, reason: "it is not UTF-8")
        }
        try checkNesting(bytes, operation)
        let decoder = JSONDecoder()
        do {
            let envelope = try decoder.decode(SignalEnvelope.self, from: Data(bytes))
            try envelope.check(operation)
            return envelope.signal
        } catch let error as BackendError {
            throw error
        } catch {
            throw BackendError(
                .malformed, operation, reason: Self.reason(of: error), underlying: "\(type(of: error))")
        }
    }

    private static func checkSize(_ bytes: [UInt8], _ operation: String) throws(BackendError) {
        guard bytes.count <= maximumBytes else {
            throw BackendError(
                .limitExceeded, operation,
                reason: "it has \(bytes.count) bytes, and \(maximumBytes) are the limit")
        }
    }

    /// Before the parser, which recurses, sees it. Begins and ends with the braces of an object.
    private static func checkNesting(_ bytes: [UInt8], _ operation: String) throws(BackendError) {
        var depth = 0
        var isInText = false
        var isEscaped = false
        for byte in bytes {
            if isInText {
                if isEscaped {
                    isEscaped = false
                } else if byte == UInt8(ascii: "\\") {
                    isEscaped = true
                } else if byte == UInt8(ascii: "\"") {
                    isInText = false
                }
                continue
            }
            switch byte {
            case UInt8(ascii: "\""): isInText = true
            case UInt8(ascii: "{"), UInt8(ascii: "["): depth += 1
            case UInt8(ascii: "}"), UInt8(ascii: "]"): depth -= 1
            default: break
            }
            guard depth <= maximumDepth else {
                throw BackendError(
                    .limitExceeded, operation,
                    reason: "objects stand in each other deeper than \(maximumDepth)")
            }
        }
        guard depth == 0, !isInText, bytes.first == UInt8(ascii: "{") else {
            throw BackendError(.malformed, operation, reason: "it is no JSON object")
        }
    }

    /// Names the field, and says nothing that the sender chose.
    private static func reason(of error: any Error) -> String {
        func name(_ path: [any CodingKey]) -> String { path.map(\.stringValue).joined(separator: ".") }
        switch error {
        case DecodingError.keyNotFound(let key, let context):
            return "\(name(context.codingPath + [key])) is missing"
        case DecodingError.typeMismatch(_, let context), DecodingError.valueNotFound(_, let context):
            return "\(name(context.codingPath)) has another type"
        case DecodingError.dataCorrupted(let context) where !context.codingPath.isEmpty:
            return "\(name(context.codingPath)) is not well-formed"
        default:
            return "it is no well-formed JSON"
        }
    }
}

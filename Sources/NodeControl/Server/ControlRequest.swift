import NIOHTTP1

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// A request that has come whole.
struct ControlRequest: Sendable {
    let method: String
    /// The path's components, percent-decoded.
    let path: [String]
    let query: [String: String]
    let lastEventID: String?
    var body: [UInt8] = []

    /// - Throws: ``Problem`` for a target that is no path.
    init(_ head: HTTPRequestHead) throws(Problem) {
        method = head.method.rawValue
        lastEventID = head.headers.first(name: "last-event-id")
        let parts = head.uri.split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
        guard let target = parts.first, target.hasPrefix("/") else {
            throw Problem(400, "badRequest", "the request's target is no path")
        }
        path = try target.dropFirst().split(separator: "/", omittingEmptySubsequences: false)
            .map { component throws(Problem) in try Self.decoded(component) }
        var query: [String: String] = [:]
        if parts.count == 2 {
            for pair in parts[1].split(separator: "&") {
                let sides = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
                query[try Self.decoded(sides[0])] = sides.count == 2 ? try Self.decoded(sides[1]) : ""
            }
        }
        self.query = query
    }

    /// What there is to say against the request's hosts, of which it has one (RFC 9112 §3.2).
    static func hostProblem(_ head: HTTPRequestHead) -> Problem? {
        let count = head.headers["host"].count
        guard count != 1, count > 0 || head.version != .http1_0 else { return nil }
        return Problem(400, "badRequest", "the request names \(count == 0 ? "no host" : "several hosts")")
    }

    /// The body as JSON.
    ///
    /// - Throws: ``Problem`` that names the field at fault.
    func decoded<Value: Decodable>(_ type: Value.Type = Value.self) throws(Problem) -> Value {
        do {
            return try JSONDecoder().decode(Value.self, from: Data(body))
        } catch let problem as Problem {
            throw problem
        } catch let error as DecodingError {
            throw Problem(400, "malformed", "the body is not what this route takes: \(Self.words(error))")
        } catch {
            throw Problem(400, "malformed", "the body is no JSON")
        }
    }

    private static func words(_ error: DecodingError) -> String {
        func at(_ path: [any CodingKey]) -> String {
            path.isEmpty ? "the whole" : path.map(\.stringValue).joined(separator: ".")
        }
        return switch error {
        case .keyNotFound(let key, let context):
            "\((context.codingPath + [key]).map(\.stringValue).joined(separator: ".")) is missing"
        case .typeMismatch(_, let context), .valueNotFound(_, let context), .dataCorrupted(let context):
            // Foundation says the same of both.
            context.codingPath.isEmpty && context.debugDescription.contains("valid JSON")
                ? "it is no JSON, or a number in it is out of range"
                : "\(at(context.codingPath)): \(context.debugDescription)"
        @unknown default: "it cannot be read"
        }
    }

    private static func decoded(_ text: Substring) throws(Problem) -> String {
        var bytes: [UInt8] = []
        var rest = text.utf8[...]
        while let byte = rest.popFirst() {
            guard byte == UInt8(ascii: "%") else {
                bytes.append(byte)
                continue
            }
            let digits = rest.prefix(2)
            // Not what an integer may begin with: a sign.
            guard digits.count == 2, digits.allSatisfy({ Character(Unicode.Scalar($0)).isHexDigit }),
                let value = UInt8(String(decoding: digits, as: UTF8.self), radix: 16)
            else { throw Problem(400, "badRequest", "the request's target is not well encoded") }
            bytes.append(value)
            rest = rest.dropFirst(2)
        }
        guard let decoded = String(validating: bytes, as: UTF8.self) else {
            throw Problem(400, "badRequest", "the request's target is no UTF-8")
        }
        return decoded
    }
}

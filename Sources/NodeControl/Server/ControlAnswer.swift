import NIOHTTP1

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// What a route answers, whole or as a stream.
struct ControlAnswer: Sendable {
    var status: Int
    var type: String
    var body: [UInt8]
    /// Sent after the head, until it ends; then `body` counts for nothing.
    var events: EventSubscription?
    var extraHeaders: [(String, String)] = []

    static func json(_ value: some Encodable, status: Int = 200) throws -> ControlAnswer {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return ControlAnswer(
            status: status, type: "application/json", body: Array(try encoder.encode(value)))
    }

    static func problem(_ problem: Problem) -> ControlAnswer {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        let body = (try? encoder.encode(problem)).map { Array($0) } ?? []
        return ControlAnswer(status: problem.status, type: "application/problem+json", body: body)
    }

    static func stream(_ events: EventSubscription) -> ControlAnswer {
        ControlAnswer(status: 200, type: "text/event-stream", body: [], events: events)
    }

    func head(keepAlive: Bool) -> HTTPResponseHead {
        var headers = HTTPHeaders([
            ("content-type", type), ("cache-control", "no-store"), ("x-content-type-options", "nosniff"),
        ])
        headers.add(contentsOf: extraHeaders)
        if events == nil { headers.add(name: "content-length", value: String(body.count)) }
        headers.add(name: "connection", value: keepAlive && events == nil ? "keep-alive" : "close")
        return HTTPResponseHead(
            version: .http1_1, status: HTTPResponseStatus(statusCode: status), headers: headers)
    }
}

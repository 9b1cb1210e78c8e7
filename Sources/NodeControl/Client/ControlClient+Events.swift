import NIOCore
import NIOHTTP1

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// An event as it came from a node.
public struct ReceivedEvent: Sendable, Hashable {
    /// What to resume behind; nil for an event that is not kept.
    public let id: String?
    /// The event.
    public let event: NodeEvent
}

extension ControlClient {
    /// Bytes of one event.
    private static let maximumEventBytes = 1 << 20

    /// The events that the node keeps, the oldest first.
    ///
    /// - Parameter id: Only those behind the one with that ID; where the node does not have all of them, the first is a
    ///   ``NodeEvent/Kind/gap``.
    /// - Throws: ``ControlClientError``.
    public func keptEvents(after id: String? = nil) async throws(ControlClientError) -> [ReceivedEvent] {
        var events: [ReceivedEvent] = []
        try await stream("/v1/events?follow=false", after: id, within: answerTime, begun: {}) {
            events.append($0)
            return true
        }
        return events
    }

    /// Hands over the node's events from now on, or from behind the one with that ID, until the node ends, `take` returns
    /// false, or the task is cancelled.
    ///
    /// A node drops who does not take its events for 10 seconds: keep `take` short.
    ///
    /// - Parameters:
    ///   - id: The last ID that was taken (``ReceivedEvent/id``); nil for from now on. Where the node does not have all of
    ///     what came since, the first event is a ``NodeEvent/Kind/gap``.
    ///   - begun: Called once nothing is missed any more.
    /// - Throws: ``ControlClientError``; `.cutOff` where the node ends.
    public func follow(
        after id: String? = nil, begun: () -> Void = {}, take: (ReceivedEvent) -> Bool
    ) async throws(ControlClientError) {
        var hasEnough = false
        try await stream("/v1/events", after: id, begun: begun) { event in
            hasEnough = !take(event)
            return !hasEnough
        }
        guard hasEnough else { throw .cutOff(path: path) }
    }

    /// Until the answer ends, or `take` has enough.
    private func stream(
        _ target: String, after id: String?, within limit: Duration? = nil, begun: () -> Void,
        take: (ReceivedEvent) -> Bool
    ) async throws(ControlClientError) {
        var lines = EventLines()
        var failure: (status: Int, body: [UInt8])?
        let headers = id.map { [("last-event-id", $0)] } ?? []
        try await open("GET", target, headers: headers, within: limit) { part throws(ControlClientError) in
            switch part {
            case .head(let head):
                if head.status != .ok { failure = (Int(head.status.code), []) }
            case .body(let buffer):
                guard failure == nil else {
                    guard failure?.body.count ?? 0 < Self.maximumEventBytes else {
                        throw tooLarge(Self.maximumEventBytes)
                    }
                    failure?.body.append(contentsOf: buffer.readableBytesView)
                    return true
                }
                for found in lines.take(buffer.readableBytesView) {
                    switch found {
                    case .retry: begun()
                    case .event(let event): guard take(event) else { return false }
                    }
                }
                guard lines.heldBytes <= Self.maximumEventBytes else {
                    throw tooLarge(Self.maximumEventBytes)
                }
            case .end:
                guard let failure else { return false }
                throw self.failure(failure.status, failure.body)
            }
            return true
        }
    }
}

/// Puts server-sent events together out of what comes (WHATWG HTML §9.2.6), as far as this API uses them.
struct EventLines {
    enum Found {
        case retry
        case event(ReceivedEvent)
    }

    private var line: [UInt8] = []
    private var id: String?
    private var data = ""
    /// Bytes of what has not ended yet.
    var heldBytes: Int { line.count + data.utf8.count }

    mutating func take(_ bytes: some Sequence<UInt8>) -> [Found] {
        var out: [Found] = []
        for byte in bytes {
            guard byte == UInt8(ascii: "\n") else {
                line.append(byte)
                continue
            }
            if let found = end(String(decoding: line, as: UTF8.self)) { out.append(found) }
            line.removeAll(keepingCapacity: true)
        }
        return out
    }

    private mutating func end(_ line: String) -> Found? {
        if line.isEmpty {
            defer { (id, data) = (nil, "") }
            // An event of a later version, with a type that is not known, is not ours.
            guard let event = try? JSONDecoder().decode(NodeEvent.self, from: Data(data.utf8)) else {
                return nil
            }
            return .event(ReceivedEvent(id: id, event: event))
        }
        if line.hasPrefix("id: ") { id = String(line.dropFirst(4)) }
        if line.hasPrefix("data: ") { data += line.dropFirst(6) }
        return line.hasPrefix("retry: ") ? .retry : nil
    }
}

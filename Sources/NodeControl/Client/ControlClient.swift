import NIOCore
import NIOHTTP1
import NIOPosix
public import PrivateTorrent
public import TorrentEngine

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

#if canImport(Glibc)
    import Glibc
#endif

/// Asks a node that runs, over its control socket. Each request has a connection of its own; cancelling the task ends it.
public struct ControlClient: Sendable {
    /// The socket.
    public let path: String
    /// How long an answer to GET may take to its end: it says only what the node knows. What has something done may take
    /// as long as that takes.
    public var answerTime: Duration = .seconds(30)
    /// Bytes of an answer: a node's with 10,000 torrents has a sixth of it.
    var maximumBytes = 64 << 20

    /// Makes a client; nothing is connected yet.
    ///
    /// - Parameter path: The socket; nil for ``ControlSocketPath/found()``.
    public init(path: String? = nil) { self.path = path ?? ControlSocketPath.found() }

    // MARK: - What is asked most

    /// The node at this moment.
    public func status() async throws(ControlClientError) -> NodeStatus { try await get("/v1/status") }

    /// Every torrent that it keeps.
    public func torrents() async throws(ControlClientError) -> [TorrentReport] {
        try await get("/v1/torrents", as: TorrentList.self).torrents
    }

    /// What it runs with.
    public func settings() async throws(ControlClientError) -> SettingsReport { try await get("/v1/config") }

    /// One torrent.
    public func torrent(_ infoHash: InfoHash) async throws(ControlClientError) -> TorrentReport {
        try await get("/v1/torrents/\(infoHash)", as: TorrentAnswer.self).torrent
    }

    /// Its peers.
    public func peers(of infoHash: InfoHash) async throws(ControlClientError) -> [PeerReport] {
        try await get("/v1/torrents/\(infoHash)/peers", as: PeerList.self).peers
    }

    /// Adds a torrent.
    public func add(_ request: AddRequest) async throws(ControlClientError) -> TorrentReport {
        try await send("POST", "/v1/torrents", body: request, as: TorrentAnswer.self).torrent
    }

    /// Removes a torrent.
    ///
    /// - Parameter data: Whether its content goes too.
    public func remove(_ infoHash: InfoHash, data: Bool = false) async throws(ControlClientError) {
        _ = try await exchange("DELETE", "/v1/torrents/\(infoHash)?data=\(data)", body: nil)
    }

    // MARK: - Anything

    /// Reads what a route has.
    public func get<Answer: Decodable>(
        _ target: String, as type: Answer.Type = Answer.self
    ) async throws(ControlClientError) -> Answer {
        try decode(try await exchange("GET", target, body: nil))
    }

    /// Reads what a route has that is no JSON: `/metrics`, say.
    package func text(_ target: String) async throws(ControlClientError) -> String {
        String(decoding: try await exchange("GET", target, body: nil), as: UTF8.self)
    }

    /// Has something done that takes no body: `POST …/pause`, say.
    public func send<Answer: Decodable>(
        _ method: String, _ target: String, as type: Answer.Type = Answer.self
    ) async throws(ControlClientError) -> Answer {
        try decode(try await exchange(method, target, body: nil))
    }

    /// Has something done.
    public func send<Answer: Decodable>(
        _ method: String, _ target: String, body: some Encodable, as type: Answer.Type = Answer.self
    ) async throws(ControlClientError) -> Answer {
        let bytes: [UInt8]
        do {
            bytes = Array(try JSONEncoder().encode(body))
        } catch {
            throw .notUnderstood(path: path, reason: "the request has no form in JSON: \(error)")
        }
        return try decode(try await exchange(method, target, body: bytes))
    }

    private func decode<Answer: Decodable>(_ bytes: [UInt8]) throws(ControlClientError) -> Answer {
        do {
            return try JSONDecoder().decode(Versioned<Answer>.self, from: Data(bytes)).answer
        } catch let error as OtherVersion {
            throw .notUnderstood(
                path: path,
                reason: "it is of version \(error.version), and this program knows \(ControlSchema.version)")
        } catch {
            throw .notUnderstood(path: path, reason: String("\(error)".prefix(300)))
        }
    }

    /// The body of an answer that says yes.
    private func exchange(
        _ method: String, _ target: String, body: [UInt8]?
    ) async throws(ControlClientError) -> [UInt8] {
        let answer = try await raw(method, target, body: body, within: method == "GET" ? answerTime : nil)
        guard (200..<300).contains(answer.status) else {
            throw failure(answer.status, answer.body)
        }
        return answer.body
    }

    /// What an answer says that says no.
    func failure(_ status: Int, _ body: [UInt8]) -> ControlClientError {
        do throws(ControlClientError) {
            return .problem(try decode(body))
        } catch {
            return .notUnderstood(path: path, reason: "status \(status) without a problem document")
        }
    }

    func tooLarge(_ bytes: Int) -> ControlClientError {
        .notUnderstood(path: path, reason: "it has more than \(bytes >> 20) MiB")
    }

    /// Any answer.
    func raw(
        _ method: String, _ target: String, body: [UInt8]? = nil, within limit: Duration? = nil
    ) async throws(ControlClientError) -> (status: Int, headers: HTTPHeaders, body: [UInt8]) {
        var out: [UInt8] = []
        var head: HTTPResponseHead?
        try await open(method, target, body: body, within: limit) { part throws(ControlClientError) in
            switch part {
            case .head(let found): head = found
            case .body(let buffer):
                guard out.count + buffer.readableBytes <= maximumBytes else { throw tooLarge(maximumBytes) }
                out.append(contentsOf: buffer.readableBytesView)
            case .end: return false
            }
            return true
        }
        guard let head else { throw .cutOff(path: path) }
        return (Int(head.status.code), head.headers, out)
    }

    /// Sends a request, and hands over its answer until `take` has enough.
    func open(
        _ method: String, _ target: String, headers: [(String, String)] = [], body: [UInt8]? = nil,
        within limit: Duration? = nil, take: (HTTPClientResponsePart) throws(ControlClientError) -> Bool
    ) async throws(ControlClientError) {
        let isLate = Locked(false)
        func reason(_ error: ControlClientError) -> ControlClientError {
            if Task.isCancelled { return .cancelled }
            guard let limit, isLate.withLock({ $0 }), case .cutOff = error else { return error }
            return .noAnswer(path: path, within: limit)
        }
        do {
            let http = try await connect()
            let channel = http.channel
            let timer = limit.map { limit in
                channel.eventLoop.scheduleTask(in: TimeAmount(limit)) {
                    isLate.withLock { $0 = true }
                    channel.close(mode: .all, promise: nil)
                }
            }
            defer { timer?.cancel() }
            try await withTaskCancellationHandler {
                try await http.executeThenClose { inbound, _ in
                    var fields = HTTPHeaders([("host", "localhost"), ("connection", "close")] + headers)
                    fields.add(name: "content-length", value: String(body?.count ?? 0))
                    if body != nil { fields.add(name: "content-type", value: "application/json") }
                    let head = HTTPRequestHead(
                        version: .http1_1, method: HTTPMethod(rawValue: method), uri: target, headers: fields)
                    channel.write(HTTPClientRequestPart.head(head), promise: nil)
                    if let body {
                        channel.write(
                            HTTPClientRequestPart.body(.byteBuffer(ByteBuffer(bytes: body))), promise: nil)
                    }
                    // A node that has heard enough answers without reading on: its answer counts.
                    channel.writeAndFlush(HTTPClientRequestPart.end(nil), promise: nil)
                    for try await part in inbound {
                        guard try take(part) else { return }
                    }
                    throw ControlClientError.cutOff(path: path)
                }
            } onCancel: {
                channel.close(mode: .all, promise: nil)
            }
        } catch let error as ControlClientError {
            throw reason(error)
        } catch {
            throw reason(.cutOff(path: path))
        }
    }

    private typealias HTTPClientChannel = NIOAsyncChannel<HTTPClientResponsePart, HTTPClientRequestPart>

    private func connect() async throws(ControlClientError) -> HTTPClientChannel {
        guard path.utf8.count <= ControlSocketPath.maximumBytes else {
            throw .noNode(
                path: path, reason: "a socket's path has at most \(ControlSocketPath.maximumBytes) bytes")
        }
        do {
            return try await ClientBootstrap(group: .singletonMultiThreadedEventLoopGroup).connect(
                unixDomainSocketPath: path
            ) { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHTTPClientHandlers()
                    return try HTTPClientChannel(wrappingChannelSynchronously: channel)
                }
            }
        } catch let error as IOError {
            switch error.errnoCode {
            case EACCES, EPERM: throw .noAccess(path: path)
            case ENOENT: throw .noNode(path: path, reason: "there is no socket")
            case ECONNREFUSED: throw .noNode(path: path, reason: "nobody listens; the node has ended")
            default: throw .noNode(path: path, reason: error.localizedDescription)
            }
        } catch {
            throw .noNode(path: path, reason: "\(error)")
        }
    }
}

/// An answer, once it is known to be of the version that is understood here.
private struct Versioned<Answer: Decodable>: Decodable {
    private enum Field: CodingKey {
        case schemaVersion
    }

    let answer: Answer

    init(from decoder: any Decoder) throws {
        let version = try decoder.container(keyedBy: Field.self).decode(Int.self, forKey: .schemaVersion)
        guard version == ControlSchema.version else { throw OtherVersion(version: version) }
        answer = try Answer(from: decoder)
    }
}

private struct OtherVersion: Error {
    let version: Int
}

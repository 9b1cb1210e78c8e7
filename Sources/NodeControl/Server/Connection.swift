import NIOCore
import NIOHTTP1
import TorrentEngine

typealias HTTPChannel = NIOAsyncChannel<HTTPServerRequestPart, HTTPServerResponsePart>

/// One client: its requests, one after the other.
struct Connection: Sendable {
    private let http: HTTPChannel
    private let router: Router
    private let limits: ControlLimits
    private let door: Door
    /// What is being done for the client, to be cancelled when it goes.
    private let cancelWork = Locked<(@Sendable () -> Void)?>(nil)

    private var channel: any Channel { http.channel }

    init(_ http: HTTPChannel, _ router: Router, _ limits: ControlLimits, _ door: Door) {
        (self.http, self.router, self.limits, self.door) = (http, router, limits, door)
    }

    /// Serves until either side has enough, or the task is cancelled.
    func serve(isTooMany: Bool) async {
        let (channel, cancelWork) = (channel, cancelWork)
        channel.closeFuture.whenComplete { _ in cancelWork.withLock { $0 }?() }
        await withTaskCancellationHandler {
            // What is thrown is that the client has gone, was cut or spoke no HTTP; nobody is left to be told.
            try? await http.executeThenClose { inbound, _ in
                var parts = inbound.makeAsyncIterator()
                if let refusal = await refusal(isTooMany) {
                    // Not before it asks: clients take an answer to nothing for nonsense, and never show it.
                    guard case .head(let head)? = try await next(&parts, within: limits.refusedTime) else {
                        return
                    }
                    try await refuse(.problem(refusal), to: head)
                    return
                }
                while try await serveOne(&parts) {}
            }
        } onCancel: {
            cancelWork.withLock { $0 }?()
            channel.close(mode: .all, promise: nil)
        }
    }

    private func refusal(_ isTooMany: Bool) async -> Problem? {
        if isTooMany {
            return Problem(
                503, "tooMany", "\(limits.connections) clients are connected, and no more can be",
                remedy: "close some")
        }
        return await door.refusal(of: channel)
    }

    /// - Returns: Whether another request may follow.
    private func serveOne(
        _ parts: inout NIOAsyncChannelInboundStream<HTTPServerRequestPart>.AsyncIterator
    ) async throws -> Bool {
        guard case .head(var head)? = try await next(&parts, within: limits.idleTime) else { return false }
        head.takeOriginForm()
        // The decoder takes whatever follows these two for another protocol.
        let keepAlive = head.isKeepAlive && head.method != .CONNECT && !head.headers.contains(name: "upgrade")
        var request: ControlRequest
        let limit: Int
        do throws(Problem) {
            request = try ControlRequest(head)
            limit = router.bodyLimit(request, limits)
        } catch {
            try await refuse(.problem(error), to: head)
            return false
        }
        if let answer = door.answer(to: request, head)
            ?? ControlRequest.hostProblem(head).map(ControlAnswer.problem)
        {
            try await refuse(answer, to: head)
            return false
        }
        let announced = head.headers.first(name: "content-length").flatMap { UInt64($0) } ?? 0
        guard announced <= limit, let body = try await body(&parts, head, limit) else {
            let problem = Problem(
                413, "tooLarge", "the request's body has more than the \(limit) bytes that this route takes")
            try await refuse(.problem(problem), to: head)
            return false
        }
        request.body = body
        let answer = await answer(to: request)
        try await send(answer, keepAlive: keepAlive, to: head)
        return keepAlive && answer.events == nil
    }

    private func answer(to request: ControlRequest) async -> ControlAnswer {
        let router = router
        return await untilGone { await router.answer(request) }
    }

    /// Does something that is cancelled as soon as the client goes.
    private func untilGone<Value: Sendable>(
        _ body: @escaping @Sendable () async -> Value
    ) async -> Value {
        let task = Task { await body() }
        cancelWork.withLock { $0 = { task.cancel() } }
        defer { cancelWork.withLock { $0 = nil } }
        // It may have gone before there was anything to cancel.
        if !channel.isActive { task.cancel() }
        return await withTaskCancellationHandler {
            await task.value
        } onCancel: {
            task.cancel()
        }
    }

    // MARK: - Reading

    private func next(
        _ parts: inout NIOAsyncChannelInboundStream<HTTPServerRequestPart>.AsyncIterator,
        within limit: Duration
    ) async throws -> HTTPServerRequestPart? {
        let cut = cutting(after: limit)
        defer { cut.cancel() }
        return try await parts.next(isolation: #isolation)
    }

    /// Nil where it is larger than the limit.
    private func body(
        _ parts: inout NIOAsyncChannelInboundStream<HTTPServerRequestPart>.AsyncIterator,
        _ head: HTTPRequestHead, _ limit: Int
    ) async throws -> [UInt8]? {
        // RFC 9110 §10.1.1: not of HTTP/1.0, where nobody knows it.
        if head.version != .http1_0,
            head.headers["expect"].contains(where: { $0.lowercased() == "100-continue" })
        {
            let proceed = HTTPResponseHead(version: .http1_1, status: .continue)
            try await channel.writeAndFlush(HTTPServerResponsePart.head(proceed)).get()
        }
        let cut = cutting(after: limits.requestTime)
        defer { cut.cancel() }
        var body: [UInt8] = []
        while let part = try await parts.next(isolation: #isolation) {
            switch part {
            case .head: return nil
            case .body(let buffer):
                guard body.count + buffer.readableBytes <= limit else { return nil }
                body.append(contentsOf: buffer.readableBytesView)
            case .end: return body
            }
        }
        throw CancellationError()
    }

    /// Cuts the connection after a while, unless it is cancelled before.
    private func cutting(after time: Duration) -> Scheduled<Void> {
        let channel = channel
        return channel.eventLoop.scheduleTask(in: TimeAmount(time)) {
            channel.close(mode: .all, promise: nil)
        }
    }

    // MARK: - Writing

    /// Answers what no route is asked about.
    private func refuse(_ answer: ControlAnswer, to request: HTTPRequestHead) async throws {
        router.refused(answer.status)
        try await send(answer, keepAlive: false, to: request)
    }

    private func send(_ answer: ControlAnswer, keepAlive: Bool, to request: HTTPRequestHead) async throws {
        var head = answer.head(keepAlive: keepAlive)
        // RFC 9112 §6.1: nobody knows chunks in HTTP/1.0, where an answer without a length ends with the connection.
        if request.version == .http1_0 { head.version = .http1_0 }
        head.headers.add(contentsOf: door.headers)
        try await write(.head(head))
        if request.method == .HEAD {
            // It ends with its head (RFC 9110 §9.3.2), and that of a stream, which has no length, with the connection: its
            // end would be an empty chunk.
            if answer.events != nil { return }
        } else if let events = answer.events {
            await untilGone {
                try? await events.write { try await write(.body(.byteBuffer(ByteBuffer(string: $0)))) }
            }
        } else {
            var rest = answer.body[...]
            while !rest.isEmpty {
                try await write(.body(.byteBuffer(ByteBuffer(bytes: rest.prefix(64 << 10)))))
                rest = rest.dropFirst(64 << 10)
            }
        }
        try await write(.end(nil))
    }

    /// Returns when the kernel has it: whoever does not read is waited for here, and cut in the end.
    private func write(_ part: HTTPServerResponsePart) async throws {
        let cut = cutting(after: limits.stallTime)
        defer { cut.cancel() }
        try await channel.writeAndFlush(part).get()
    }
}

extension HTTPRequestHead {
    /// What clients send to a proxy, with the host in the target, which then counts (RFC 9112 §3.2.2).
    mutating func takeOriginForm() {
        let scheme = "http://"
        guard uri.lowercased().hasPrefix(scheme) else { return }
        let rest = uri.dropFirst(scheme.count)
        let end = rest.firstIndex { $0 == "/" || $0 == "?" } ?? rest.endIndex
        // Several hosts, or none, stay what they are: a mistake, but in HTTP/1.0.
        let count = headers["host"].count
        if count == 1 || (count == 0 && version == .http1_0) {
            headers.replaceOrAdd(name: "host", value: String(rest[..<end]))
        }
        uri = rest[end...].hasPrefix("/") ? String(rest[end...]) : "/" + rest[end...]
    }
}

extension TimeAmount {
    init(_ duration: Duration) {
        let (seconds, attoseconds) = duration.components
        self = .nanoseconds(seconds * 1_000_000_000 + attoseconds / 1_000_000_000)
    }
}

import NIOCore
import NIOHTTP1

/// Answers what is no HTTP with 400, and headers that are too large with 431, before the connection goes.
final class MalformedRequests: ChannelDuplexHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias InboundOut = HTTPServerRequestPart
    typealias OutboundIn = HTTPServerResponsePart
    typealias OutboundOut = HTTPServerResponsePart

    private var isAnswering = false
    /// Requests that have come whole and are not answered yet.
    private var unanswered = 0

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        if case .end = unwrapInboundIn(data) { unanswered += 1 }
        context.fireChannelRead(data)
    }

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        switch unwrapOutboundIn(data) {
        case .head(let head): isAnswering = head.status.code >= 200
        case .body: break
        case .end:
            isAnswering = false
            unanswered -= 1
        }
        context.write(data, promise: promise)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        // The decoder closes the connection when this returns, so the answer goes now or never; and never into the
        // middle of another, or where that of an earlier request is awaited.
        if let error = error as? HTTPParserError, !isAnswering, unanswered <= 0 {
            let answer = ControlAnswer.problem(
                error == .headerOverflow
                    ? Problem(431, "headersTooLarge", "the request's headers are too large")
                    : Problem(400, "badRequest", "the request is not well-formed HTTP"))
            context.write(wrapOutboundOut(.head(answer.head(keepAlive: false))), promise: nil)
            context.write(
                wrapOutboundOut(.body(.byteBuffer(ByteBuffer(bytes: answer.body)))), promise: nil)
            context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
        }
        context.fireErrorCaught(error)
    }
}

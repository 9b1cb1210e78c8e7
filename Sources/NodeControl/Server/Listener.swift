import NIOCore
import NIOHTTP1
import TorrentEngine

/// A listening channel, and who is answered on it. Each counts its own connections: whoever fills the TCP port keeps nobody
/// from the socket.
struct Listener: Sendable {
    typealias Accepting = NIOAsyncChannel<HTTPChannel, Never>

    private let accepting: Accepting
    private let door: Door

    init(_ accepting: Accepting, _ door: Door) { (self.accepting, self.door) = (accepting, door) }

    /// Makes a channel of a client one that speaks HTTP.
    static func prepare(_ channel: any Channel, _ limits: ControlLimits) -> EventLoopFuture<HTTPChannel> {
        channel.eventLoop.makeCompletedFuture {
            var parsing = NIOHTTPDecoderLimitConfiguration()
            parsing.maxHeaderFieldSize = limits.headerBytes
            parsing.maxHeaderListSize = limits.headerBytes
            try channel.pipeline.syncOperations.configureHTTPServerPipeline(
                withPipeliningAssistance: false, withErrorHandling: false,
                withOutboundHeaderValidation: true, withEncoderConfiguration: .init(),
                withDecoderLimitConfiguration: parsing)
            try channel.pipeline.syncOperations.addHandler(MalformedRequests())
            return try HTTPChannel(wrappingChannelSynchronously: channel)
        }
    }

    /// Serves until the task is cancelled.
    func serve(_ router: Router, _ limits: ControlLimits) async {
        let open = Locked(0)
        let listener = accepting.channel
        await withTaskCancellationHandler {
            try? await accepting.executeThenClose { clients in
                try await withThrowingDiscardingTaskGroup { group in
                    for try await client in clients {
                        let count = open.withLock { count in
                            count += 1
                            return count
                        }
                        group.addTask {
                            let connection = Connection(client, router, limits, door)
                            await connection.serve(isTooMany: count > limits.connections)
                            open.withLock { $0 -= 1 }
                        }
                    }
                    group.cancelAll()
                }
            }
        } onCancel: {
            listener.close(mode: .all, promise: nil)
        }
    }
}

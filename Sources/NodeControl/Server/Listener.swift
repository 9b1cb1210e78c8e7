import NIOCore
import NIOHTTP1
import NIOPosix
import TorrentEngine

/// A listening channel, and who is answered on it. Each counts its own connections: whoever fills the TCP port keeps nobody
/// from the socket.
///
/// Not an asynchronous channel of NIO's, which ends the process where a client that it accepted is never taken: each
/// client has a task of its own from the moment that it is there.
final class Listener: Sendable {
    private let channel: any Channel
    private let clients: Clients
    private let door: Door

    private init(_ channel: any Channel, _ clients: Clients, _ door: Door) {
        (self.channel, self.clients, self.door) = (channel, clients, door)
    }

    /// Listens. Who connects waits until it serves.
    ///
    /// - Parameters:
    ///   - door: Who is answered, given where it listens.
    ///   - bind: Has it listen somewhere.
    static func open(
        _ limits: ControlLimits, _ door: (any Channel) -> Door,
        bind: (ServerBootstrap) async throws -> any Channel
    ) async throws -> Listener {
        let clients = Clients(limits)
        // A loop of the process's, which nobody ever ends: a late timer on one that has ended would end the process.
        let bootstrap = ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton.next())
            .serverChannelOption(.autoRead, value: false)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture { clients.take(try http(channel, limits)) }
            }
        let channel = try await bind(bootstrap)
        return Listener(channel, clients, door(channel))
    }

    /// Serves until the task is cancelled.
    func serve(_ router: Router) async {
        let (channel, door, limits) = (channel, door, clients.limits)
        clients.begin { client, isTooMany in
            await Connection(client, router, limits, door).serve(isTooMany: isTooMany)
        }
        try? await channel.setOption(.autoRead, value: true).get()
        channel.read()
        await withTaskCancellationHandler {
            try? await channel.closeFuture.get()
        } onCancel: {
            channel.close(mode: .all, promise: nil)
        }
        await clients.end()
    }

    /// Ends it where it did not serve.
    func close() { channel.close(mode: .all, promise: nil) }

    /// Makes a channel of a client one that speaks HTTP.
    private static func http(_ channel: any Channel, _ limits: ControlLimits) throws -> HTTPChannel {
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

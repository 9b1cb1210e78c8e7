import NIOCore
import NIOHTTP1
import NIOPosix
public import PrivateTorrent
public import TorrentEngine

#if canImport(Glibc)
    import Glibc
#endif

/// Serves the control API of a node (Docs/Control.md): HTTP and JSON on a Unix socket, 0600 in a folder of 0700.
///
/// Nothing of it leaves the machine, and only the user that runs the node, and root, get an answer. What clients do is
/// bounded by ``ControlLimits``; work has no limit of time, and is cancelled when its client goes. A server that is dropped
/// without ``stop(within:)`` is ended in the background.
public final class ControlServer: Sendable {
    /// The socket's path.
    public var path: String { socket.path }

    private let socket: ControlSocket
    private let group: MultiThreadedEventLoopGroup
    let feed: EventFeed
    private let serving: Task<Void, Never>

    private init(
        _ socket: ControlSocket, _ group: MultiThreadedEventLoopGroup, _ feed: EventFeed,
        _ serving: Task<Void, Never>
    ) {
        (self.socket, self.group, self.feed, self.serving) = (socket, group, feed, serving)
    }

    deinit {
        socket.unlink()
        feed.finish()
        serving.cancel()
        group.shutdownGracefully { _ in }
    }

    /// Begins to serve a store and its engine.
    ///
    /// - Parameters:
    ///   - store: What is served.
    ///   - path: The socket: an absolute path of at most 107 bytes. Its folder is made where it is missing.
    ///   - readiness: Why the node is not ready, beside what the engine says; nothing where it is. Asked for each
    ///     `GET /readyz` and `GET /v1/status`.
    /// - Throws: `.inUse` where a live process serves at the path (a dead one's socket is replaced),
    ///   `.permissionDenied` where others have access to its folder, `.fileExists`, `.invalidArgument`, `.inputOutput`.
    public static func start(
        _ store: TorrentStore, at path: String, limits: ControlLimits = ControlLimits(),
        readiness: @escaping @Sendable () async -> [String] = { [] }
    ) async throws(EngineError) -> ControlServer {
        try await start(
            store, at: path, limits: limits, readiness: readiness, isAllowed: PeerCredentials.isOwnOrRoot)
    }

    static func start(
        _ store: TorrentStore, at path: String, limits: ControlLimits,
        readiness: @escaping @Sendable () async -> [String] = { [] },
        isAllowed: @escaping @Sendable (uid_t) -> Bool
    ) async throws(EngineError) -> ControlServer {
        let socket = try await blocking("serve \(path)") { () throws(EngineError) in
            try ControlSocket(listeningAt: path)
        }
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        do {
            let accepting = try await accept(socket, group, limits)
            let feed = EventFeed(store, limits: limits)
            let node = NodeController(store, feed: feed, readiness: readiness)
            let router = Router(node)
            let serving = Task {
                await serve(accepting, router, limits, isAllowed)
            }
            return ControlServer(socket, group, feed, serving)
        } catch {
            socket.unlink()
            try? await group.shutdownGracefully()
            throw EngineError(
                .inputOutput, "serve the control socket \(path)", reason: "\(error)", path: path)
        }
    }

    /// Takes the socket away, ends every connection and stream, and cancels what is being done for clients.
    ///
    /// - Parameter limit: About how long it may take; what does not end in time ends by itself.
    public func stop(within limit: Duration = .seconds(5)) async {
        socket.unlink()
        feed.finish()
        serving.cancel()
        let (serving, group) = (serving, group)
        let ending = Task {
            await serving.value
            try? await group.shutdownGracefully()
        }
        _ = await ending.value(within: limit)
    }

    private typealias Accepting = NIOAsyncChannel<HTTPChannel, Never>

    private static func accept(
        _ socket: ControlSocket, _ group: MultiThreadedEventLoopGroup, _ limits: ControlLimits
    ) async throws -> Accepting {
        var parsing = NIOHTTPDecoderLimitConfiguration()
        parsing.maxHeaderFieldSize = limits.headerBytes
        parsing.maxHeaderListSize = limits.headerBytes
        let parsingLimits = parsing
        // NIO closes the descriptor that it is given.
        let copy = fcntl(socket.number, F_DUPFD_CLOEXEC, 0)
        guard copy >= 0 else { throw EngineError("serve \(socket.path)", errno: errno, path: socket.path) }
        return try await ServerBootstrap(group: group).bind(copy) { channel in
            channel.eventLoop.makeCompletedFuture {
                try channel.pipeline.syncOperations.configureHTTPServerPipeline(
                    withPipeliningAssistance: false, withErrorHandling: false,
                    withOutboundHeaderValidation: true, withEncoderConfiguration: .init(),
                    withDecoderLimitConfiguration: parsingLimits)
                try channel.pipeline.syncOperations.addHandler(MalformedRequests())
                return try HTTPChannel(wrappingChannelSynchronously: channel)
            }
        }
    }

    private static func serve(
        _ accepting: Accepting, _ router: Router, _ limits: ControlLimits,
        _ isAllowed: @escaping @Sendable (uid_t) -> Bool
    ) async {
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
                            let connection = Connection(client, router, limits, isAllowed: isAllowed)
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

import NIOCore
import NIOHTTP1
import NIOPosix
public import PrivateTorrent
public import TorrentEngine

#if canImport(Glibc)
    import Glibc
#endif

/// Serves the control API of a node (Docs/Control.md): HTTP and JSON on a Unix socket, 0600 in a folder of 0700, and on a
/// TCP port of the loopback where that is asked for.
///
/// Nothing of it leaves the machine, and only the user that runs the node, and root, get an answer; over TCP whoever has
/// the token. What clients do is bounded by ``ControlLimits``; work has no limit of time, and is cancelled when its
/// client goes. A server that is dropped without ``stop(within:)`` is ended in the background.
public final class ControlServer: Sendable {
    /// The socket's path.
    public var path: String { socket.path }
    /// Where it serves a browser; nil where that was not asked for.
    public let web: WebReport?

    private let socket: ControlSocket
    let feed: EventFeed
    private let serving: Task<Void, Never>

    private init(
        _ socket: ControlSocket, _ web: WebReport?, _ feed: EventFeed, _ serving: Task<Void, Never>
    ) {
        (self.socket, self.web, self.feed, self.serving) = (socket, web, feed, serving)
    }

    deinit {
        socket.unlink()
        feed.finish()
        serving.cancel()
    }

    /// Begins to serve a store and its engine.
    ///
    /// - Parameters:
    ///   - store: What is served.
    ///   - path: The socket: an absolute path of at most 107 bytes. Its folder is made where it is missing.
    ///   - loopback: Where a browser is served too; nil for nowhere.
    ///   - readiness: Why the node is not ready, beside what the engine says; nothing where it is. Asked for each
    ///     `GET /readyz` and `GET /v1/status`.
    ///   - facts: What else the node tells of itself.
    /// - Throws: `.inUse` where a live process serves at the path (a dead one's socket is replaced),
    ///   `.permissionDenied` where others have access to its folder or the token, `.fileExists`, `.invalidArgument`,
    ///   `.inputOutput`.
    public static func start(
        _ store: TorrentStore, at path: String, loopback: LoopbackOptions? = nil,
        limits: ControlLimits = ControlLimits(), readiness: @escaping @Sendable () async -> [String] = { [] },
        facts: NodeFacts = NodeFacts()
    ) async throws(EngineError) -> ControlServer {
        try await start(
            store, at: path, loopback: loopback, limits: limits, readiness: readiness, facts: facts,
            isAllowed: PeerCredentials.isOwnOrRoot)
    }

    static func start(
        _ store: TorrentStore, at path: String, loopback: LoopbackOptions? = nil, limits: ControlLimits,
        readiness: @escaping @Sendable () async -> [String] = { [] },
        facts: NodeFacts = NodeFacts(),
        isAllowed: @escaping @Sendable (uid_t) -> Bool
    ) async throws(EngineError) -> ControlServer {
        let socket = try await blocking("serve \(path)") { () throws(EngineError) in
            try ControlSocket(listeningAt: path)
        }
        var listeners: [Listener] = []
        do {
            listeners.append(try await listen(socket, limits, .socket(isAllowed: isAllowed)))
            var web: WebReport?
            if let loopback {
                let tokenFile = loopback.tokenFile ?? "\(path).token"
                let token = try await blocking("read \(tokenFile)") { () throws(EngineError) in
                    try BearerToken(at: tokenFile)
                }
                let listener = try await listen(loopback, limits, token)
                listeners.append(listener.0)
                web = WebReport(loopback.address, port: listener.port, tokenFile: tokenFile)
            }
            let feed = EventFeed(store, limits: limits)
            let router = Router(
                NodeController(store, feed: feed, web: web, facts: facts, readiness: readiness))
            let opened = listeners
            let serving = Task {
                await withDiscardingTaskGroup { group in
                    for listener in opened { group.addTask { await listener.serve(router) } }
                }
            }
            return ControlServer(socket, web, feed, serving)
        } catch {
            socket.unlink()
            for listener in listeners { listener.close() }
            throw error as? EngineError
                ?? EngineError(
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
        _ = await serving.value(within: limit)
    }

    private static func listen(
        _ socket: ControlSocket, _ limits: ControlLimits, _ door: Door
    ) async throws -> Listener {
        guard let number = socket.take() else {
            throw EngineError(.internalFailure, "serve \(socket.path)", reason: "it is served already")
        }
        // NIO closes the descriptor that it is given.
        return try await Listener.open(limits, { _ in door }) { try await $0.withBoundSocket(number).get() }
    }

    private static func listen(
        _ loopback: LoopbackOptions, _ limits: ControlLimits, _ token: BearerToken
    ) async throws -> (Listener, port: Int) {
        let place = "the control API on \(loopback.address) port \(loopback.port)"
        do {
            let address = try SocketAddress(
                ipAddress: loopback.address.description, port: Int(loopback.port))
            var port = Int(loopback.port)
            let listener = try await Listener.open(limits) { channel in
                port = channel.localAddress?.port ?? port
                return .loopback(LoopbackDoor(token, port: port))
            } bind: { bootstrap in
                try await bootstrap.serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
                    .bind(to: address).get()
            }
            return (listener, port)
        } catch let error as IOError where error.errnoCode == EADDRINUSE {
            throw EngineError(
                .inUse, "serve \(place)", reason: "another process listens there",
                remedy: "name another port")
        } catch {
            throw EngineError(.inputOutput, "serve \(place)", reason: "\(error)")
        }
    }
}

import NIOCore
import TorrentEngine

/// The clients of a listener, each with a task of its own.
final class Clients: Sendable {
    typealias Serve = @Sendable (HTTPChannel, _ isTooMany: Bool) async -> Void

    private struct State {
        /// Nil before it is served and afterwards: who comes then is let go, as who is far too many.
        var serve: Serve?
        var tasks: [UInt64: Task<Void, Never>] = [:]
        var last: UInt64 = 0
    }

    let limits: ControlLimits
    private let state = Locked(State())

    init(_ limits: ControlLimits) { self.limits = limits }

    /// Takes a client, on its event loop.
    func take(_ client: HTTPChannel) {
        state.withLock { state in
            state.last += 1
            let (id, count) = (state.last, state.tasks.count)
            let isTooMany = count >= limits.connections
            let serve = count < 2 * limits.connections ? state.serve : nil
            // It ends behind this lock, so that its place is there before it goes.
            state.tasks[id] = Task {
                if let serve {
                    await serve(client, isTooMany)
                } else {
                    try? await client.executeThenClose { _, _ in }
                }
                self.state.withLock { $0.tasks[id] = nil }
            }
        }
    }

    /// Serves who comes from now on.
    func begin(_ serve: @escaping Serve) { state.withLock { $0.serve = serve } }

    /// Ends every connection; returns when they have ended.
    func end() async {
        let tasks = state.withLock { state in
            state.serve = nil
            return Array(state.tasks.values)
        }
        for task in tasks { task.cancel() }
        for task in tasks { await task.value }
    }
}

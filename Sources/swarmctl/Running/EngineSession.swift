import Logging
import TorrentEngine

/// An engine for the length of a command.
enum EngineSession {
    /// Starts an engine, runs `body`, and shuts the engine down whatever happened.
    static func with<Result>(
        listen: [ListenAddress], wire: WireOptions, limits: RateLimits = RateLimits(), logger: Logger,
        body: (Engine) async throws -> Result
    ) async throws -> Result {
        let engine: Engine
        do throws(EngineError) {
            engine = try await Engine.start(
                EngineConfiguration(
                    listen: listen, encryption: wire.encryption, isStealthy: wire.stealth, logger: logger))
        } catch {
            // Whatever keeps us from listening: the address or port cannot be bound.
            let isBinding = [.permissionDenied, .network, .timedOut].contains(error.code)
            throw Failure(error, status: isBinding ? .unavailable : nil)
        }
        do {
            try await engine.setRateLimits(limits)
            let result = try await body(engine)
            try? await engine.shutdown(within: .seconds(4))
            return result
        } catch {
            try? await engine.shutdown(within: .seconds(4))
            throw error
        }
    }
}

public import NodeInterface
import TorrentEngine

extension TorrentBackend {
    /// Takes new options, and applies what differs to what runs.
    ///
    /// When it returns, whoever is no longer invited or of an allowed source is cut, and whoever is now is dialled;
    /// with `Enabled` off, everything has stopped and is removed, its files staying. What was stopped so does not
    /// begin again by itself. Limits of queries hold from the next query on, rate limits at once.
    ///
    /// - Throws: `.invalidOptions` with everything that is wrong; then nothing has changed.
    public func apply(_ new: TorrentBackendOptions) async throws(BackendError) {
        try new.validate()
        let former = options
        options = new
        guard new.enabled else {
            for membership in probing.values { await membership.close() }
            await stop { _ in true }
            return
        }
        if former.limits != new.limits { try await keepRates() }
        if !former.enabled { await takeUp() }
        guard former.privateMode != new.privateMode else { return }
        for membership in running.values.map(\.membership) + Array(probing.values) {
            try await membership.set(new.privateMode)
        }
    }

    func keepRates() async throws(BackendError) {
        let schedule = try options.limits.parsed()
        try await translatingErrors { () throws(EngineError) in try await rates.keep(schedule) }
    }
}

import NodeInterface
import TorrentEngine

/// A torrent that the backend runs, or is about to run: it belongs to one job, and lasts as long as anybody holds it.
struct RunningTorrent: Sendable {
    /// Tells one run of an info-hash from the next.
    let id: UInt64
    /// Nil where it belongs to no job.
    let jobID: String?
    /// Who asked for it and has not released it.
    var holders: Set<String>
    let membership: Membership
    /// Ends when the torrent is ready: loaded, members in, dialling or seeding.
    let ready: Task<Result<Void, BackendError>, Never>
    /// A fetch, which ends by itself.
    var work: Task<Void, Never>?
    /// A torrent that is seeded, which does not.
    var torrent: Torrent?

    /// Tells everything of it to stop.
    func cancel() async {
        await membership.end()
        ready.cancel()
        work?.cancel()
    }

    /// Stops it, and returns when its files are closed. It is not there after a restart.
    func end(_ infoHash: InfoHash, in store: TorrentStore?) async {
        await cancel()
        _ = await ready.value
        await work?.value
        try? await store?.remove(infoHash)
        try? await torrent?.remove()
    }
}

extension Task where Failure == Never {
    /// The value, or nil as soon as the task that asks is cancelled.
    func valueUnlessCancelled() async -> Success? {
        let (stream, continuation) = AsyncStream.makeStream(of: Success.self)
        let relay = Task<Void, Never> {
            continuation.yield(await value)
            continuation.finish()
        }
        defer { relay.cancel() }
        for await value in stream { return value }
        return nil
    }

    /// The value, or nil once the time is up; the task goes on.
    package func value(within limit: Duration) async -> Success? {
        let (stream, continuation) = AsyncStream.makeStream(of: Success?.self)
        let relay = Task<Void, Never> { continuation.yield(await value) }
        let timer = Task<Void, Never> {
            if (try? await Task<Never, Never>.sleep(for: limit)) != nil { continuation.yield(nil) }
        }
        defer {
            relay.cancel()
            timer.cancel()
        }
        for await first in stream { return first }
        return nil
    }
}

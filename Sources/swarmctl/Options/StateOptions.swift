import ArgumentParser
import PrivateTorrent
import TorrentEngine

/// Where torrents outlast the command.
struct StateOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            """
            Keep torrents, their members and what of them is verified in this folder; made where it is missing. One \
            process at a time has it.
            """, valueName: "dir"))
    var state: String?

    /// Runs `body` with the store, where one is asked for, and closes it whatever happened.
    func with<Result>(
        _ engine: Engine, _ output: Output, body: (TorrentStore?) async throws -> Result
    ) async throws -> Result {
        guard let state else { return try await body(nil) }
        let store = try await TorrentStore.open(state, engine: engine)
        report(store, output, torrents: await store.torrents.count)
        do {
            let result = try await body(store)
            await close(store, output)
            return result
        } catch {
            await close(store, output)
            throw error
        }
    }

    private func report(_ store: TorrentStore, _ output: Output, torrents: Int) {
        output.emit(StateEvent(store.report, torrents: torrents))
        if store.report.wasUnclean {
            output.note(
                "the last run did not end as it should: what came since its last save is looked at again")
        }
        for problem in store.report.problems {
            output.warn("\(safe(problem.file)): \(safe(problem.reason)); \(problem.consequence)")
            if let kept = problem.quarantined { output.note("  kept as \(safe(kept))") }
        }
    }

    private func close(_ store: TorrentStore, _ output: Output) async {
        for infoHash in await store.shutdown() {
            output.warn("torrent \(infoHash) could not be saved in time: the next start looks at it")
        }
    }
}

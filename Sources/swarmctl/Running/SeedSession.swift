import PrivateTorrent
import TorrentEngine

/// What `seed` and `share` do once the torrent is there: admit members, report, and go on until told to end.
struct SeedSession: Sendable {
    let output: Output
    let isVerbose: Bool
    /// The members of `--allow`.
    let listed: [Member]
    let ruleFile: WatchedRuleFile?
    /// The version of the file that `fromFile` is of.
    let version: WatchedRuleFile.Version?
    let fromFile: [Member]
    /// Taken from the start: a hang-up while the content is still hashed must not end us.
    let hangups: AsyncStream<Void>?

    init(_ options: MemberOptions, common: CommonOptions) async throws {
        output = common.output
        isVerbose = common.verbose > 0
        listed = try options.members()
        hangups = options.allowFile == nil ? nil : Runner.signals?.hangups()
        ruleFile = options.allowFile.map { WatchedRuleFile($0) }
        version = ruleFile?.version
        if let ruleFile { fromFile = try await Self.read(ruleFile) } else { fromFile = [] }
    }

    /// Who is admitted to begin with.
    var members: [Member] { listed + fromFile }

    /// Says whom it admits, where that is nobody.
    func sayWhoIsAdmitted() {
        guard members.isEmpty else { return }
        output.warn(
            "nobody is admitted: add --allow RULE" + (ruleFile == nil ? "" : " or rules to the --allow-file"))
    }

    /// Reports and follows the rules until the task is cancelled, which is the normal end.
    ///
    /// - Parameters:
    ///   - torrent: The one that the rules are of; nil where all that runs is what was kept.
    ///   - store: Where its members are kept.
    ///   - events: Those of the engine, subscribed to before the torrent was started.
    func run(_ torrent: Torrent?, keptIn store: TorrentStore? = nil, events: EngineEvents) async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                var reporter = PeerReporter(output: output, side: .seed, isVerbose: isVerbose)
                try await reporter.report(events)
            }
            if let ruleFile, let torrent {
                group.addTask {
                    await ruleFile.follow(from: version, wishes: hangups) { read in
                        await take(read, of: ruleFile, for: torrent, keptIn: store)
                    }
                }
            }
            defer { group.cancelAll() }
            try await group.next()
        }
        // The events end with the engine too; nobody but us ends it.
        guard Task.isCancelled else {
            throw Failure("internalFailure", .software, "the engine ended by itself")
        }
    }

    /// A mistake in the list is one in the command line.
    private static func read(_ file: WatchedRuleFile) async throws -> [Member] {
        do throws(EngineError) {
            return try await file.read()
        } catch {
            guard error.code == .malformed || error.code == .invalidArgument else { throw error as any Error }
            throw Failure.usage("--allow-file \(file.path): \(error)", remedy: error.remedy) as any Error
        }
    }

    private func take(
        _ read: Result<[Member], EngineError>, of file: WatchedRuleFile, for torrent: Torrent,
        keptIn store: TorrentStore?
    ) async {
        do throws(EngineError) {
            let fromFile = try read.get()
            let members = listed + fromFile
            if let store {
                try await store.setMembers(members, of: torrent.infoHash)
            } else {
                try await torrent.setMembers(members)
            }
            try await torrent.start(dialling: members.compactMap(\.endpoint))
            output.note("read \(safe(file.path)) again: \(Units.count(fromFile.count, "rule"))")
        } catch {
            guard let failure = Failure(of: error), !failure.isCancellation else { return }
            output.warn("\(safe(failure.message)); the last good list stays")
            if let remedy = failure.remedy { output.note("  " + safe(remedy)) }
        }
    }

    /// Says where the engine listens, and returns it.
    func reportListening(_ engine: Engine) async -> [PeerEndpoint] {
        let endpoints = await engine.listeningEndpoints
        for endpoint in endpoints {
            output.emit(ListeningEvent(endpoint))
            output.note("listening on \(endpoint)")
        }
        return endpoints
    }
}

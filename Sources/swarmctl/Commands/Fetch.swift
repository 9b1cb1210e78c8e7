import ArgumentParser
import NodeInterface
import PrivateTorrent
import TorrentEngine

/// `swarmctl fetch`
struct Fetch: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Fetch a file or folder from the members of a swarm, and verify every byte.",
        discussion: """
            By an invite (the peers that it names are the members), a .torrent or an info-hash (name the members \
            with --peer). The sharing side must have listed the address that you connect from.

              swarmctl fetch 'magnet:?xt=…' --into ~/Downloads
              swarmctl fetch album.torrent --peer 10.0.0.1:6881 --into ~/Downloads
              swarmctl fetch - --into ~/Downloads < invite.txt
              swarmctl fetch album.torrent --peer 10.0.0.1:6881 --into ~/Downloads --select '*.flac' --select 0

            Interrupt (Ctrl-C) keeps what is there; the same command goes on from it. With --state, what was verified \
            until 30 seconds before need not be hashed again. With --detach the node that runs does the work. A file or folder of that \
            name which is not ours is left as it is (exit 73).
            """)

    @Argument(
        help: ArgumentHelp(
            "An invite (magnet link, in quotes), a .torrent file, an info-hash, or - to read it from standard input.",
            valueName: "ref"))
    var reference: String

    @Option(help: ArgumentHelp("The folder to put it into; made where missing.", valueName: "dir"))
    var into: String

    @Option(help: ArgumentHelp("A member to connect to, and to admit. Repeats.", valueName: "host:port"))
    var peer: [String] = []

    @Option(
        help: ArgumentHelp(
            ListenOptions.help.abstract, discussion: "Without it, no listening socket is opened.",
            valueName: "host:port"))
    var listen: [String] = []

    @Option(
        help: ArgumentHelp(
            "Fetch only the files that match: a glob, or an index as inspect shows it. Repeats.",
            discussion: """
                * and ? stop at a /, ** does not; without a / the last component is matched too. A pattern that \
                matches no file is an error (exit 72). The same command with more files fetches the rest.
                """, valueName: "pattern"))
    var select: [String] = []

    @Option(help: ArgumentHelp("Leave out the files that match. Repeats.", valueName: "pattern"))
    var deselect: [String] = []

    @Option(help: ArgumentHelp("A limit on the whole fetch. (default: none)", valueName: "seconds"))
    var timeout: Double?

    @Flag(
        help: "Take over what is there already under that name: keep what verifies, fetch the rest over it.")
    var adopt = false

    @OptionGroup var state: StateOptions
    @OptionGroup var rates: LimitOptions
    @OptionGroup var wire: WireOptions
    @OptionGroup var handing: DetachOptions
    @OptionGroup var common: CommonOptions

    func run() async throws {
        try handing.check([
            "--listen": !listen.isEmpty, "--state": state.state != nil, "--adopt": adopt,
            "--timeout": timeout != nil, "--stealth": wire.stealth,
            "--encryption": wire.encryption != .handshakeOnly,
        ])
        guard !handing.detach else { return try await detached() }
        let output = common.output
        let limits = try rates.limits()
        let listen = try ListenOptions.parse(listen)
        let limit = try timeLimit()
        var members = try listedMembers()
        let reference = try await StandardInput.reference(reference)
        if case .magnet(let link) = reference { members += Self.members(of: link, output) }
        var wish = FetchRequest(
            reference, into: into, members: members, adoptsExisting: adopt,
            selection: FileSelection(selecting: select, deselecting: deselect), timeout: limit)
        // The same command goes on with it, and nothing else does.
        wish.isAwaited = true
        let request = wish

        let result = try await EngineSession.with(
            listen: listen, wire: wire, limits: limits, logger: common.logger
        ) {
            engine in
            for endpoint in await engine.listeningEndpoints { output.emit(ListeningEvent(endpoint)) }
            let events = engine.events()
            let isVerbose = common.verbose > 0
            let reporting = Task {
                var reporter = PeerReporter(output: output, side: .fetch, isVerbose: isVerbose)
                try? await reporter.report(events)
            }
            defer { reporting.cancel() }
            let view = FetchView(output)
            return try await state.with(engine, output) { store in
                let fetcher = if let store { Fetcher(store: store) } else { Fetcher(engine: engine) }
                return try await fetcher.fetch(request) { view.take($0) }
            }
        }
        output.emit(
            FinishedEvent(
                infoHash: result.infoHash.description,
                files: result.files.map { FileFact(path: $0.relativePath, sizeBytes: $0.sizeBytes) },
                elapsedMilliseconds: result.elapsed.milliseconds, downloadedBytes: result.downloadedBytes,
                reusedBytes: result.reusedBytes, wastedBytes: result.wastedBytes))
        let reused = result.reusedBytes > 0 ? ", \(Units.size(result.reusedBytes)) were here already" : ""
        output.print(
            "\(safe(result.folder))/\(safe(result.name)): \(Units.count(result.files.count, "file")), "
                + "\(Units.size(result.downloadedBytes)) fetched\(reused), in \(Units.time(result.elapsed))")
    }

    private func timeLimit() throws(Failure) -> Duration? {
        guard let timeout else { return nil }
        guard timeout > 0, timeout < 1e9 else {
            throw .usage(
                "--timeout: \(timeout) is no number of seconds above 0", remedy: "leave it out for no limit")
        }
        return .seconds(timeout)
    }

    private func listedMembers() throws(Failure) -> [Member] {
        var members: [Member] = []
        for text in peer {
            let rule = try Failure.inOption("--peer") { () throws(EngineError) in
                try AddressRule(PeerEndpoint(parsing: text))
            }
            members.append(Member(rule, source: .inviteList))
        }
        return members
    }

    /// The peers that an invite names, which the user gives: its members.
    private static func members(of link: MagnetLink, _ output: Output) -> [Member] {
        if !link.dropped.isEmpty {
            let dropped = link.dropped.map(\.rawValue).joined(separator: ", ")
            output.note("not used, since the swarm is private: the link's \(dropped)")
        }
        return link.peers.compactMap { peer in
            do throws(EngineError) {
                return Member(try AddressRule(peer), source: .invite)
            } catch {
                output.warn("the invite's peer \(peer) is left out: \(error.reason)")
                return nil
            }
        }
    }
}

/// Shows how a fetch goes.
struct FetchView: Sendable {
    private let output: Output
    private let progress: ProgressView
    init(_ output: Output) {
        self.output = output
        progress = ProgressView(output)
    }

    func take(_ update: FetchUpdate) {
        switch update {
        case .started: break
        case .metadata(let metainfo):
            output.note("fetching \(safe(metainfo.name)): \(metainfo.summary)")
        case .checking(let hashing): progress.hashing(hashing, verb: "checking what is there:")
        case .progress(let status): progress.fetching(status)
        case .stalled(let after, let reason, let remedy):
            output.warn("nothing has come for \(Units.time(after)): \(safe(reason))")
            if let remedy { output.note("  " + safe(remedy)) }
        }
    }
}

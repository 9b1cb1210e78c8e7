import ArgumentParser
import PrivateTorrent
import TorrentEngine

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif
#if canImport(Glibc)
    import Glibc
#endif

/// One party of the leak check: an engine of this build, alone in a network namespace.
///
/// Hidden; spoken to in lines by ``Lab``, and over when its input is.
struct LabPartyCommand: AsyncParsableCommand {
    static let name = "leakcheck-party"
    static let configuration = CommandConfiguration(commandName: name, shouldDisplay: false)

    func run() async throws {
        let input = LineReader(STDIN_FILENO)
        @Sendable func say(_ word: String) { print(word); fflush(nil) }
        @Sendable func told() async throws -> String {
            let line = try await onThread { () throws(EngineError) in input.line() }
            // Nobody is there any more to stop for.
            guard let line else { _exit(ExitStatus.software.code) }
            return line
        }
        say("ready")
        let plan = try JSONDecoder().decode(LabPlan.Party.self, from: Data(try await told().utf8))
        try await onThread { () throws(EngineError) in try Self.configure(plan) }
        say("configured")
        _ = try await told()

        let listen = try ListenOptions.parse(plan.listen)
        let wire = try WireOptions.parse([])
        let logger = try CommonOptions.parse([]).logger
        try await EngineSession.with(listen: listen, wire: wire, logger: logger) { engine in
            try await Self.start(plan.jobs, with: engine)
            say("running")
            try await withThrowingTaskGroup(of: Void.self) { group in
                for job in plan.jobs where job.kind == .fetch {
                    group.addTask {
                        let request = FetchRequest(
                            try await Self.reference(job), into: job.folder, members: try Self.members(job),
                            timeout: .seconds(15))
                        _ = try await Fetcher(engine: engine).fetch(request)
                    }
                }
                try await group.waitForAll()
            }
            say("fetched")
            _ = try await told()
        }
        say("stopped")
    }

    /// Blocks.
    private static func configure(_ plan: LabPlan.Party) throws(EngineError) {
        // Without the link-local address, which for a second cannot be listened on.
        var lines = ["link set lo up", "link set eth0 addrgenmode none"]
        lines += plan.addresses.map { "address add \($0) dev eth0" + ($0.contains(":") ? " nodad" : "") }
        lines.append("link set eth0 up")
        lines += plan.gateways.map { "route add default via \($0)" }
        try ChildProcess.run("ip", ["-batch", "-"], input: lines.joined(separator: "\n"))
    }

    private static func start(_ jobs: [LabPlan.Party.Job], with engine: Engine) async throws {
        for job in jobs {
            let members = try members(job)
            switch job.kind {
            case .fetch: continue
            case .seed:
                let metainfo = try await blocking("read a torrent") { () throws(EngineError) in
                    try Metainfo(contentsOf: job.reference)
                }
                _ = try await Seeder(engine: engine).seed(metainfo, in: job.folder, members: members)
            case .wait:
                let link = try MagnetLink(parsing: job.reference)
                let torrent = try await engine.add(
                    link.infoHash, options: AddOptions(saveFolder: job.folder, members: members))
                try await torrent.start()
            }
        }
    }

    private static func reference(_ job: LabPlan.Party.Job) async throws -> TorrentReference {
        try await blocking("read a reference") { () throws(EngineError) in
            try TorrentReference(parsing: job.reference)
        }
    }

    private static func members(_ job: LabPlan.Party.Job) throws(EngineError) -> [Member] {
        var members: [Member] = []
        for rule in job.members {
            members.append(Member(try AddressRule(parsing: rule), source: .inviteList))
        }
        return members
    }
}

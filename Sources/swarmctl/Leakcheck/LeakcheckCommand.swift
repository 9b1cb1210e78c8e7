import ArgumentParser
import TorrentEngine

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif
#if canImport(Glibc)
    import Glibc
#endif

/// `swarmctl leakcheck`
struct LeakcheckCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "leakcheck",
        abstract: "Prove by captured packets that nothing leaves a swarm by any public channel.",
        discussion: """
            Looks at the settings, extensions and sockets of an engine of this build. Then makes a network of its own, \
            without a way out, with a seed, a member, strangers, and a tracker, web seed, DHT node, resolver and the \
            like; shares and fetches with torrents, invites and members that name a way out for every channel; and \
            captures every packet of the seed and the member, over IPv4 and IPv6.

            Exit 0: all silent. 76: something left the swarm. 71: it could not be proved, since the system lets us \
            make no network (be root, or allow user namespaces), or packets were lost; it says which.
            """)

    @Option(
        help: ArgumentHelp(
            "Judge this channel alone, without the audit. Repeats.", valueName: "channel"))
    var only: [LeakChannel] = []

    @Flag(help: "Print one JSON object a line.")
    var json = false

    func run() async throws {
        let output = Output(json: json)
        let start = ContinuousClock.now
        let folder = try await onThread { () throws(EngineError) in try DemoFolder.make(for: "leakcheck") }
        let result: Result<LeakReport, any Error>
        do {
            result = .success(try await check(in: folder, since: start, output))
        } catch {
            result = .failure(error)
        }
        try await onThread { () throws(EngineError) in folder.remove() }
        let report = try result.get()
        for row in report.rows { output.emit(row) }
        output.emit(report)
        output.print(report.text)
        if let failure = report.failure { throw failure }
    }

    private func check(
        in folder: DemoFolder, since start: ContinuousClock.Instant, _ output: Output
    ) async throws -> LeakReport {
        output.note("making content and poisoned torrents in \(folder.path)")
        let plan = try await LabPlan.make(in: folder, try LabAddresses())
        var audit: EngineAudit?
        if only.isEmpty {
            audit = try await EngineAudit.run(seeding: folder.source + "/other.bin", in: folder.source)
        }
        output.note("sharing and fetching in a network of our own, under capture: some ten seconds")
        let path = folder.path + "/plan.json"
        let bytes = Array(try JSONEncoder().encode(plan))
        try await onThread { () throws(EngineError) in try folder.write(path, bytes: bytes) }
        let outcome = try await lab(path)
        let problem = outcome.problem.map { Failure("unchecked", .unchecked, $0, remedy: outcome.remedy) }
        return LeakReport(
            audit: audit, channels: only.isEmpty ? LeakChannel.allCases : only,
            outcome: problem == nil ? outcome : nil, problem: problem, elapsed: ContinuousClock.now - start)
    }

    /// In a process of its own, since it goes into other namespaces; with it goes all that it made.
    private func lab(_ plan: String) async throws -> Lab.Outcome {
        let process = try ChildProcess("/proc/self/exe", [LabCommand.name, plan])
        let timer = Task {
            try await Task.sleep(for: .seconds(60))
            process.end(by: SIGKILL)
        }
        defer { timer.cancel() }
        let line = await withTaskCancellationHandler {
            await onThreadResult { () throws(EngineError) in try process.line() }
        } onCancel: {
            process.end(by: SIGKILL)
        }
        try Task.checkCancellation()
        do {
            return try JSONDecoder().decode(Lab.Outcome.self, from: Data(try line.get().utf8))
        } catch {
            return Lab.Outcome(problem: "the network's process gave no result: \(error)")
        }
    }
}

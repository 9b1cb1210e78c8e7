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

/// The leak check's network: a bridge with everybody outside, and two parties, each alone in a namespace of its own.
///
/// It lives in a namespace itself, and all of it ends with this process.
struct Lab: Sendable {
    /// What came of it, as this process hands it on.
    struct Outcome: Codable, Sendable {
        /// By party.
        var tallies: [String: PacketCapture.Tally] = [:]
        var strangers = 0
        var strangersUnheard = 0
        var gossips = 0
        var gossipsUnanswered = 0
        /// Why it could not be done; then the rest is empty.
        var problem: String?
        var remedy: String?
    }

    static let bridge = "br0"

    let plan: LabPlan
    let addresses: LabAddresses

    /// Blocks until all is done. On a thread of its own, which goes into other networks for moments.
    func run() throws(EngineError) -> Outcome {
        for (path, shown) in plan.mounts { try Namespaces.bind(shown, over: path) }
        var lines = ["link set lo up", "link add \(Self.bridge) type bridge", "link set \(Self.bridge) up"]
        for host in LabAddresses.Host.allCases where ![.seed, .member].contains(host) {
            lines += addresses.withPrefix(host).map {
                "address add \($0) dev \(Self.bridge)" + ($0.contains(":") ? " nodad" : "")
            }
        }
        try ip(lines)
        let hosts = try LabHosts(addresses)
        defer { hosts.stop() }

        var parties: [(plan: LabPlan.Party, process: ChildProcess)] = []
        for party in plan.parties {
            let process = try ChildProcess("/proc/self/exe", [LabPartyCommand.name])
            try process.expect("ready")
            let card = "v-\(party.name)"
            try ip([
                "link add \(card) type veth peer name eth0 netns \(process.identifier)",
                "link set \(card) master \(Self.bridge) up",
            ])
            try process.send(try json(party))
            parties.append((party, process))
        }
        for party in parties {
            try party.process.expect("configured")
            try selfTest(party.plan, in: party.process.identifier)
        }
        // Sockets that see nothing of what the self-test sent, and all that the engines send.
        var captures: [String: PacketCapture] = [:]
        for party in parties {
            captures[party.plan.name] = try capture(party.plan, in: party.process.identifier)
        }
        for party in parties {
            try party.process.send("start")
            try party.process.expect("running")
        }
        let intruded = try LabIntruders(addresses: addresses, plan: plan).intrude()
        for party in parties { try party.process.expect("fetched") }
        for party in parties {
            try party.process.send("stop")
            try party.process.expect("stopped")
        }
        var outcome = Outcome()
        for (party, capture) in captures { outcome.tallies[party] = capture.seen() }
        outcome.strangers = intruded.strangers.connections
        outcome.strangersUnheard = intruded.strangers.unheard
        outcome.gossips = intruded.gossip.connections
        outcome.gossipsUnanswered = intruded.gossip.connections - intruded.gossip.answered
        return outcome
    }

    private func capture(_ party: LabPlan.Party, in process: pid_t) throws(EngineError) -> PacketCapture {
        let judge = try judge(party)
        return try Namespaces.inside(network: process) { () throws(EngineError) in try PacketCapture(judge) }
    }

    private func selfTest(_ party: LabPlan.Party, in process: pid_t) throws(EngineError) {
        let own = addresses[party.name == "seed" ? .seed : .member]
        let test = CaptureSelfTest(addresses: addresses, capture: try capture(party, in: process), own: own)
        let sent = try Namespaces.inside(network: process) { () throws(EngineError) in try test.send() }
        try test.check(sent)
    }

    private func judge(_ party: LabPlan.Party) throws(EngineError) -> PacketJudge {
        var mayDial: Set<SocketEnd> = []
        var members: Set<IPAddress> = []
        for rule in party.jobs.flatMap(\.members) {
            let rule = try AddressRule(parsing: rule)
            if let port = rule.port { mayDial.insert(SocketEnd(address: rule.firstAddress, port: port)) }
            members.insert(rule.firstAddress)
        }
        return PacketJudge(addresses: addresses, members: members, mayDial: mayDial)
    }

    private func ip(_ lines: [String]) throws(EngineError) {
        try ChildProcess.run("ip", ["-batch", "-"], input: lines.joined(separator: "\n"))
    }

    private func json(_ value: some Encodable) throws(EngineError) -> String {
        do {
            return String(decoding: try JSONEncoder().encode(value), as: UTF8.self)
        } catch {
            throw EngineError(.internalFailure, "write a plan", reason: "\(error)")
        }
    }
}

/// The process of the lab. Hidden; its output is one JSON line, ``Lab/Outcome``.
struct LabCommand: AsyncParsableCommand {
    static let name = "leakcheck-lab"
    static let configuration = CommandConfiguration(commandName: name, shouldDisplay: false)

    @Argument var plan: String

    func run() async throws {
        let path = plan
        // Ends with whoever began it.
        let watch = try LoopThread {
            var byte: UInt8 = 0
            if read(STDIN_FILENO, &byte, 1) == 0 { _exit(ExitStatus.software.code) }
        }
        defer { watch.stop() }
        var outcome: Lab.Outcome
        do throws(EngineError) {
            if let problem = EntryPoint.isolationProblem { throw problem }
            outcome = try await onThread { () throws(EngineError) in
                let bytes = try readSmallFile(path, limit: 1 << 20, operation: "read the plan")
                let plan: LabPlan
                do {
                    plan = try JSONDecoder().decode(LabPlan.self, from: Data(bytes))
                } catch {
                    throw EngineError(.internalFailure, "read the plan", reason: "\(error)")
                }
                return try Lab(plan: plan, addresses: LabAddresses()).run()
            }
        } catch {
            outcome = Lab.Outcome(problem: error.description, remedy: error.remedy)
        }
        print(String(decoding: try JSONEncoder().encode(outcome), as: UTF8.self))
    }
}

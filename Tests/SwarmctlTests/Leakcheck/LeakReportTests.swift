import Testing
import TorrentEngine

@testable import swarmctl

@Suite("The leak check's verdict")
struct LeakReportTests {
    private func report(
        _ change: (inout Lab.Outcome) -> Void = { _ in }, only channels: [LeakChannel] = LeakChannel.allCases,
        problem: Failure? = nil
    ) -> LeakReport {
        var outcome = Lab.Outcome(strangers: 16, gossips: 32)
        for party in ["seed", "member"] {
            outcome.tallies[party] = PacketCapture.Tally(packets: 100, toMembers: 50, kernel: ["ARP": 2])
        }
        change(&outcome)
        return LeakReport(
            audit: nil, channels: channels, outcome: problem == nil ? outcome : nil, problem: problem,
            elapsed: .seconds(10))
    }

    @Test("Silence, and enough heard to prove it")
    func silent() {
        #expect(report().failure == nil)
        #expect(report().rows.map(\.verdict) == LeakChannel.allCases.map { _ in .silent })
    }

    @Test("One packet is a leak, of its channel alone", arguments: LeakChannel.allCases)
    func leaked(_ channel: LeakChannel) {
        let found = report { $0.tallies["seed"]?.leaks[channel] = ["a packet": 1] }
        #expect(found.failure?.status.code == 76)
        #expect(found.rows.filter { $0.verdict == .leaked }.map(\.channel) == [channel.rawValue])
        #expect(found.rows.first { $0.verdict == .leaked }?.packets == 1)
    }

    @Test("Lost packets, or nobody heard, prove nothing")
    func doubts() {
        let doubtful: [(inout Lab.Outcome) -> Void] = [
            { $0.tallies["seed"]?.dropped = 1 }, { $0.tallies["member"]?.toMembers = 0 },
            { $0.strangers = 0 }, { $0.strangersUnheard = 1 }, { $0.gossips = 0 },
            { $0.gossipsUnanswered = 1 },
        ]
        for change in doubtful {
            let found = report(change)
            #expect(found.failure?.status.code == 71)
            #expect(found.rows.allSatisfy { $0.verdict == .unchecked })
        }
        let refused = report(problem: Failure("unchecked", .unchecked, "no rights"))
        #expect(refused.failure?.status.code == 71)
        #expect(refused.rows.allSatisfy { $0.packets == nil && $0.verdict == .unchecked })
    }

    @Test("The table fits a terminal")
    func table() {
        let text = report { $0.tallies["seed"]?.leaks[.magnetPeers] = ["a packet": 12_345] }.text
        for line in text.split(separator: "\n") { #expect(line.count <= 80, "\(line)") }
    }

    @Test(
        "What an engine may offer is read from its handshake",
        arguments: [
            ("d1:md11:ut_metadatai2e11:upload_onlyi3ee1:v1:xe", ["ut_metadata", "upload_only"]),
            ("d1:md11:ut_metadatai2", []), ("1:md99:x", []), ("1:md1:ai1", []), ("1:md-1:a", []), ("", []),
        ])
    func extensions(_ text: String, _ expected: [String]) {
        #expect(EngineAudit.extensionNames(Array(text.utf8)) == expected)
    }

    @Test("The audit finds each setting that is open, and each extension too many")
    func audit() {
        for (name, value) in EngineAudit.closed {
            var audit = EngineAudit()
            var settings = EngineAudit.closed
            settings[name] = value == "0" ? "1" : "x"
            audit.take(settings: settings)
            #expect(audit.problems[.settings]?.count == 1)
            #expect(audit.problems[.settings]?.first?.contains(name) == true)
        }
        var audit = EngineAudit()
        audit.take(handshake: Array("1:md11:ut_metadatai2e6:ut_pexi1ee".utf8))
        #expect(audit.problems[.extensions] == ["it offers ut_pex"])
    }
}

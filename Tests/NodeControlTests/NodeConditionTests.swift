import Foundation
import NodeInterface
import PrivateTorrent
import Testing
import TorrentEngine

@testable import NodeControl

/// Each thing that can be wrong with a node is seen, and nothing else is.
@Suite struct NodeConditionTests {
    private static func well() throws -> NodeCondition {
        var out = NodeCondition()
        out.wantedListeners = ["10.0.0.1:6881"]
        out.listening = [try PeerEndpoint(parsing: "10.0.0.1:6881")]
        out.machineAddresses = [try IPAddress(parsing: "10.0.0.1")]
        out.stateDirectory = "/var/lib/swarmd"
        out.time = UnixTime(milliseconds: 1_790_000_000_000)
        out.openDescriptors = 40
        out.descriptorLimit = 65_536
        out.rooms = [.init(folder: "/srv", freeBytes: 100 << 30)]
        out.settings = SettingsReport(file: "/n.yaml", settings: [Self.setting])
        return out
    }

    private static let setting = SettingsReport.Setting(
        key: "Swarmd:Listen", value: "a", source: .file, isLive: false)

    struct Fault: Sendable, CustomTestStringConvertible {
        let check: String
        let severity: NodeCheck.Severity
        let words: String
        let make: @Sendable (inout NodeCondition) throws -> Void
        var testDescription: String { "\(check): \(words)" }

        init(
            _ check: String, _ severity: NodeCheck.Severity, _ words: String,
            _ make: @escaping @Sendable (inout NodeCondition) throws -> Void
        ) {
            (self.check, self.severity, self.words, self.make) = (check, severity, words, make)
        }
    }

    private static func problem(_ file: String) -> StateProblem {
        StateProblem(
            infoHash: nil, file: file, quarantined: nil, reason: "it is cut short", consequence: "gone")
    }

    private static func changed(isLive: Bool) -> SettingsReport.Setting {
        var out = SettingsReport.Setting(key: "Swarmd:Log", value: "a", source: .file, isLive: isLive)
        out.isChanged = true
        return out
    }

    private static let hash = String(repeating: "07", count: 20)

    private static func stuck(_ cause: String) throws -> (InfoHash, Explanation) {
        (
            try InfoHash(parsing: hash),
            try JSONDecoder().decode(Explanation.self, from: Data(cause.utf8))
        )
    }

    private static let faults: [Fault] = [
        Fault("listening", .error, "in use") { $0.listenFailures = ["the port is in use"] },
        Fault("listening", .error, "listens nowhere") { $0.listening = [] },
        Fault("listenAddresses", .error, "10.0.0.1 any more") { $0.machineAddresses = [] },
        Fault("interfaces", .error, "wg0 is away") { $0.interfacesDown = ["wg0"] },
        Fault("stateDirectory", .error, "belongs to user 7") { $0.stateOwner = 7 },
        Fault("stateDirectory", .error, "others have access") { $0.stateMode = 0o750 },
        Fault("stateFiles", .error, "index was lost") { $0.state.isRebuilt = true },
        Fault("stateFiles", .error, "/a: it is cut short; gone, and 1 more") {
            $0.state.problems = [problem("/a"), problem("/b")]
        },
        Fault("stateFiles", .warning, "3 broken files") { $0.quarantined = 3 },
        Fault("lastExit", .warning, "crash") { $0.state.wasUnclean = true },
        Fault("freeSpace", .error, "No such file") {
            $0.rooms.append(.init(folder: "/gone", freeBytes: nil, problem: "No such file"))
        },
        Fault("freeSpace", .error, "500.0 MiB are free at /full, and 600.0 MiB are to stay so") {
            $0.freeSpaceFloor = 600 << 20
            $0.rooms.append(.init(folder: "/full", freeBytes: 500 << 20))
        },
        Fault("freeSpace", .warning, "700.0 MiB are free at /full") {
            $0.freeSpaceFloor = 600 << 20
            $0.rooms.append(.init(folder: "/full", freeBytes: 700 << 20))
        },
        Fault("torrents", .warning, "\(hash)") {
            $0.explanations = [try stuck(#"{"cause":"noMember"}"#)]
        },
        Fault("torrents", .error, "\(hash)") {
            $0.explanations = [
                try stuck(#"{"cause":"interfaceDown","evidence":{"interfaces":["wg0"]}}"#)
            ]
        },
        Fault("responsiveness", .warning, "2000 ms") { $0.engineDelay = .seconds(2) },
        Fault("responsiveness", .error, "9000 ms") { $0.engineDelay = .seconds(9) },
        Fault("clock", .error, "before 2025") { $0.time = UnixTime(milliseconds: 0) },
        Fault("clock", .warning, "later than now") {
            $0.latestKnownTime = $0.time.advanced(by: .seconds(3600))
        },
        Fault("clock", .warning, "set by -3600 s") { $0.clockDrift = .seconds(-3600) },
        Fault("descriptors", .warning, "40 of 1024") { $0.descriptorLimit = 1024 },
        Fault("descriptors", .error, "60000 of") { $0.openDescriptors = 60_000 },
        Fault("configuration", .error, "Listen is missing") { $0.settings?.problems = ["Listen is missing"] },
        Fault("configuration", .warning, "not read") { $0.settings?.warnings = ["X is not read"] },
        Fault("configuration", .warning, "Swarmd:Log is not what /n.yaml says") {
            $0.settings?.settings = [changed(isLive: true)]
        },
    ]

    @Test("A node that is well has no trouble, and every check is made")
    func isWell() throws {
        let checks = try Self.well().checks
        #expect(checks.allSatisfy { $0.severity == .ok }, "\(checks)")
        #expect(Set(checks.map(\.name)).count == checks.count)
        #expect(Set(checks.map(\.name)) == Set(Self.faults.map(\.check)))
        #expect(checks.allSatisfy { $0.remedy == nil })
    }

    @Test("A fault is seen by its check alone, with a remedy", arguments: faults)
    func fault(_ fault: Fault) throws {
        var condition = try Self.well()
        try fault.make(&condition)
        let troubles = condition.checks.filter { $0.severity != .ok }
        #expect(troubles.map(\.name) == [fault.check])
        #expect(troubles.first?.severity == fault.severity)
        #expect(troubles.first?.seen.contains(fault.words) == true, "\(troubles)")
        #expect(troubles.first?.remedy != nil)
    }

    /// Red where something that the user wanted is a trouble, or one of the disk is only worth a warning.
    @Test(
        "How bad each cause is",
        arguments: [
            (#"{"cause":"paused","evidence":{"by":"user"}}"#, nil),
            (#"{"cause":"paused","evidence":{"by":"program"}}"#, .warning),
            (#"{"cause":"paused","evidence":{"by":"notTakenUp"}}"#, .warning),
            (#"{"cause":"diskFull","evidence":{"code":"c","reason":"r","isFreeSpaceFloor":true}}"#, .error),
            (#"{"cause":"diskFault","evidence":{"code":"c","reason":"r","isFreeSpaceFloor":false}}"#, .error),
            (#"{"cause":"notListening","evidence":{"wanted":["a"],"failures":[]}}"#, .error),
            (
                #"{"cause":"rateLimit","evidence":{"rate":1,"limit":{"scope":"engine","direction":"upload","#
                    + #""bytesPerSecond":1}}}"#, nil
            ),
            (#"{"cause":"membersGone","evidence":{"peers":[],"refusals":[]}}"#, .warning),
            (
                #"{"cause":"nothingWrong","evidence":{"kind":"seeding","connected":1,"downloadRate":0,"#
                    + #""uploadRate":0,"missingPieces":0}}"#, nil
            ),
        ] as [(String, NodeCheck.Severity?)])
    func severities(_ cause: String, _ severity: NodeCheck.Severity?) throws {
        var condition = try Self.well()
        condition.explanations = [try Self.stuck(cause)]
        let found = condition.checks.filter { $0.name == "torrents" }
        #expect(found.map(\.severity) == [severity ?? .ok])
        #expect((found.first?.subject == nil) == (severity == nil))
    }

    @Test(
        "A socket of every address, or of loopback, has its address; one that waits for its interface is no fault"
    )
    func listening() throws {
        var condition = try Self.well()
        condition.listening = try ["0.0.0.0:1", "127.0.0.1:1"].map { try PeerEndpoint(parsing: $0) }
        #expect(condition.checks.allSatisfy { $0.severity == .ok })
        condition.listening = []
        condition.interfacesDown = ["wg0"]
        let troubles = condition.checks.filter { $0.severity != .ok }
        #expect(troubles.map(\.name) == ["interfaces"])
        condition.interfacesDown = []
        condition.wantedListeners = []
        #expect(condition.checks.allSatisfy { $0.severity == .ok })
    }

    /// Red where whom a seed refused is a trouble of the seed, or is not told; or where a setting of ours is no trouble.
    @Test(
        "A seed that only refused a stranger is well, and says whom it refused",
        arguments: [
            (true, "notAMember", true), (true, "revoked", true), (false, "notAMember", false),
            (true, "tooMany", false), (true, "notBound", false),
        ])
    func strangers(_ isWhole: Bool, _ reason: String, _ isWell: Bool) throws {
        var condition = try Self.well()
        let refusal =
            #"{"endpoint":"10.9.9.9:5","direction":"incoming","reason":"\#(reason)","tries":7,"secondsAgo":3,"#
            + #""isBeforeTorrent":true}"#
        condition.explanations = [
            try Self.stuck(
                #"{"cause":"allRefused","evidence":{"refusals":[\#(refusal)],"peers":[],"isWhole":\#(isWhole)}}"#
            )
        ]
        let found = condition.checks.filter { $0.name == "torrents" }
        #expect(found.map(\.severity) == (isWell ? [.ok, .ok] : [.warning]))
        #expect(found.first?.seen.hasPrefix("1 torrent: ") == isWell)
        #expect(found.last?.seen.contains("10.9.9.9") == true && found.last?.remedy != nil)
    }

    @Test("A change that is live asks for a reload, another for a restart")
    func remedies() throws {
        var condition = try Self.well()
        condition.settings?.settings = [Self.changed(isLive: true), Self.changed(isLive: false)]
        let troubles = condition.checks.filter { $0.severity != .ok }
        #expect(troubles.compactMap(\.remedy) == ["have it read again: SIGHUP", "restart the node"])
    }

    @Test("The ring keeps the last lines, in order, cut where they are long")
    func ring() {
        let ring = LogRing(capacity: 3)
        for number in 1...5 { ring.add(level: "info", label: "test", message: "line \(number)") }
        #expect(ring.report.records.map(\.message) == ["line 3", "line 4", "line 5"])
        #expect(ring.report.records.map(\.number) == [3, 4, 5])
        #expect(ring.report.dropped == 2)
        ring.add(level: "info", label: "test", message: String(repeating: "é", count: 5000))
        #expect((ring.report.records.last?.message.utf8.count ?? 0) <= String.boundedBytes)
    }
}

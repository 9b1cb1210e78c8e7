import Logging
import NodeControl
import NodeInterface
import Testing

@testable import SwarmdSupport
@testable import swarmctl
@testable import swarmd

/// What a log says beside its messages.
@Suite struct LogLineTests {
    private static let metadata: Logger.Metadata = [
        "peer": "10.0.0.1:6881", "count": "\(3)", "name": "a\u{1b}[2J",
        "all": ["x", ["ü": "127.0.0.1"]],
    ]

    private func line(_ metadata: Logger.Metadata, isRedacted: Bool = false) -> LogLine {
        LogLine(
            .info, "test", "a message", metadata, time: UnixTime(milliseconds: 0), isRedacted: isRedacted)
    }

    @Test("For people a key and its value each, for machines an object")
    func formats() throws {
        let found = line(Self.metadata)
        #expect(found.human.hasPrefix("info: a message all=["))
        #expect(found.human.hasSuffix(#" count=3 name=a\u{1b}[2J peer=10.0.0.1:6881"#))
        let json = try JSONValue(line: found.json)
        #expect(json["metadata"]?["count"] == .string("3"))
        #expect(json["metadata"]?["all"]?.array.last?["ü"] == .string("127.0.0.1"))
        #expect(json["message"] == .string("a message"))
        #expect(line([:]).human == "info: a message")
        #expect(try JSONValue(line: line([:]).json).keys == ["time", "level", "label", "message"])
    }

    @Test("Who shares what with whom is left out there, too")
    func redacted() throws {
        let found = line(Self.metadata, isRedacted: true)
        #expect(found.human.contains("peer=<address>:6881") && !found.json.contains("10.0.0.1"))
        #expect(try JSONValue(line: found.json)["metadata"]?["peer"] == .string("<address>:6881"))
    }

    /// Red where a logger's own metadata is kept and not written, an event's is not, or its error.
    @Test("A logger's own and an event's are written by swarmd and swarmctl, and the event's counts")
    func handlers() {
        struct Broken: Error {}
        let log = DaemonLog()
        var logger = log.logger("test")
        logger[metadataKey: "own"] = "1"
        logger[metadataKey: "both"] = "1"
        logger.info("it runs", metadata: ["both": "2", "peer": "192.0.2.1"])
        #expect(log.ring.report.records.last?.message == "it runs both=2 own=1 peer=<address>")

        var handler = OutputLogHandler(output: Output(json: false), logLevel: .info)
        handler[metadataKey: "own"] = "1\u{1b}"
        let event = LogEvent(
            level: .info, message: "it runs", error: Broken(), metadata: ["b": "2"], source: nil, file: "",
            function: "", line: 0)
        #expect(handler.line(event) == #"info: it runs b=2 error=Broken() own=1\u{1b}"#)
    }
}

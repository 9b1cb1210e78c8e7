import Testing
import TorrentEngine

@testable import swarmctl

@Suite struct OutputTests {
    private func object(_ event: some OutputEvent) throws -> JSONValue {
        let line = try #require(Output.line(event))
        #expect(!line.contains("\n"))
        return try JSONValue(line: line)
    }

    @Test func everyObjectSaysWhatItIs() throws {
        let value = try object(ProgressEvent(doneBytes: 1, totalBytes: 2, rateBytesPerSecond: 3, peers: 4))
        #expect(value["schemaVersion"] == .number(1))
        #expect(value["event"] == .string("progress"))
        #expect(
            value.keys == [
                "schemaVersion", "event", "doneBytes", "totalBytes", "rateBytesPerSecond", "peers",
            ])
    }

    @Test func whatIsNotThereIsNull() throws {
        let value = try object(ErrorEvent(Failure("usage", .usage, "message")))
        #expect(value.keys == ["schemaVersion", "event", "code", "exitCode", "message", "remedy"])
        #expect(value["remedy"] == .null)
        #expect(value["exitCode"] == .number(64))
        let inspected = try object(InspectedEvent())
        #expect(
            inspected.keys == [
                "schemaVersion", "event", "infoHash", "name", "sizeBytes", "pieceLengthBytes", "files",
                "private",
                "accepted", "reasons", "dropped", "renamed",
            ])
        #expect(inspected["infoHash"] == .null)
    }

    @Test func padIsThereOnlyWhereTrue() throws {
        var event = InspectedEvent()
        event.files = [FileFact(path: "a", sizeBytes: 1), FileFact(path: "b", sizeBytes: 2, pad: true)]
        let files = try #require(try object(event)["files"]).array
        #expect(files.map(\.keys) == [["path", "sizeBytes"], ["path", "sizeBytes", "pad"]])
    }

    @Test func hostileTextIsEscapedAndKept() throws {
        let hostile = "a\u{1b}[2J\u{202e}b\u{9b}\n\u{e0001}é"
        #expect(safe(hostile) == "a\\u{1b}[2J\\u{202e}b\\u{9b}\\u{a}\\u{e0001}é")
        let event = ErrorEvent(Failure("x", .software, hostile))
        let line = try #require(Output.line(event))
        #expect(line.unicodeScalars.allSatisfy { ![0x1b, 0x202e, 0x9b, 0xe0001].contains($0.value) })
        #expect(try JSONValue(line: line)["message"] == .string(hostile))
    }

    @Test func progressLines() {
        #expect(
            ProgressView.line(done: 512 << 20, total: 1 << 30, rate: 8 << 20, peers: 1)
                == "50 % of 1.0 GiB, 8.0 MiB/s, 1:04 left, 1 peer")
        #expect(ProgressView.line(done: 999, total: 1000) == "99 % of 1000 bytes")
        #expect(ProgressView.bar(done: 1, total: 2, width: 4) == "[##  ]")
    }
}

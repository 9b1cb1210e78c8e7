import Foundation
import Testing
import TorrentEngine

@testable import SwarmdSupport

/// What is wrong in a file of `swarmd`: one message that says where, what is there and what is to be.
@Suite(.timeLimit(.minutes(1)))
struct SwarmdMistakesTests {
    private static let whole = """
        Swarmd:
          Listen: ["127.0.0.1:0"]
          StateDirectory: /tmp/swarmd-state

        """

    /// Lines below the section, in line 4, and the one problem that they are.
    private static let mistakes = [
        ("Lisen: []", "line 4: Swarmd:Lisen is not known: there are BudgetBytes, Control,"),
        ("Control: 127.0.0.1:9080", "line 4: Swarmd:Control is \"127.0.0.1:9080\", and not a section"),
        ("Control: [a]", "line 4: Swarmd:Control is a list, and not a section"),
        ("Control: {Token: a}", "line 4: Swarmd:Control:Token is not known: there are Listen, TokenFile"),
        ("Control: {Listen: '0.0.0.0:9080'}", "line 4: Swarmd:Control:Listen is wrong: cannot serve"),
        ("Control: {Listen: 'localhost:9080'}", "line 4: Swarmd:Control:Listen is wrong: cannot read"),
        ("Control: {Listen: 127.0.0.1}", "\"127.0.0.1\": the port is missing"),
        ("Control: {Listen: '127.0.0.1:65536'}", "the port \"65536\" is not in 0 to 65535"),
        ("Control: {Listen: ['127.0.0.1:1']}", "line 4: Swarmd:Control:Listen is a list, and not a text"),
        ("Control: {Listen: {a: b}}", "line 4: Swarmd:Control:Listen is a section, and not a text"),
        ("Control: {TokenFile: /token}", "Swarmd:Control:TokenFile has no use without Swarmd:Control:Listen"),
        ("Control: {Listen: '127.0.0.1:0', TokenFile: token}", "\"token\", and not an absolute path"),
        ("Control: {TokenFile: [a]}", "line 4: Swarmd:Control:TokenFile is a list, and not a text"),
        ("ControlSocket: run/a.sock", "Swarmd:ControlSocket is \"run/a.sock\", and not an absolute path"),
        ("ControlSocket: [a]", "line 4: Swarmd:ControlSocket is a list, and not a text"),
        (
            "ControlSocket: /\(String(repeating: "a", count: 107))",
            "Swarmd:ControlSocket has 108 bytes: a socket's path has at most 107"
        ),
        ("BudgetBytes: -1", "line 4: Swarmd:BudgetBytes is \"-1\", and not a whole number of bytes"),
        ("BudgetBytes: 10G", "Swarmd:BudgetBytes is \"10G\", and not a whole number of bytes"),
        ("BudgetBytes: 18446744073709551616", "and not a whole number of bytes up to 18446744073709551615"),
        ("FreeSpaceFloorBytes: 1.5", "Swarmd:FreeSpaceFloorBytes is \"1.5\", and not a whole number"),
        ("FreeSpaceFloorBytes: {}", "Swarmd:FreeSpaceFloorBytes is a section, and not a text"),
        ("Log: debug", "line 4: Swarmd:Log is \"debug\", and not a section: put its keys below it, Format"),
        ("Log: {Level: loud}", "Swarmd:Log:Level is \"loud\", and none of trace, debug, info, notice"),
        ("Log: {Format: xml}", "Swarmd:Log:Format is \"xml\", and none of human, json"),
        ("Log: {Redact: yes}", "Swarmd:Log:Redact is \"yes\", and none of true, false"),
        ("Log: {Redact: [true]}", "line 4: Swarmd:Log:Redact is a list, and not a text"),
    ]

    /// Whole files.
    private static let files = [
        ("Swarmd: {StateDirectory: /a}", "Swarmd:Listen is missing: name one address"),
        ("Swarmd: {Listen: [], StateDirectory: /a}", "line 1: Swarmd:Listen is missing: name one address"),
        ("Swarmd: {Listen: 'wg0:1', StateDirectory: /a}", "Swarmd:Listen is \"wg0:1\", and not a list"),
        ("Swarmd: {Listen: {a: b}, StateDirectory: /a}", "Swarmd:Listen is a section, and not a list"),
        ("Swarmd: {Listen: ['10.0.0.1'], StateDirectory: /a}", "\"10.0.0.1\": the port is missing"),
        ("Swarmd: {Listen: ['node.example:1'], StateDirectory: /a}", "line 1: Swarmd:Listen is wrong"),
        ("Swarmd: {Listen: ['wg0:1']}", "Swarmd:StateDirectory is missing: name a folder"),
        ("Swarmd: {Listen: ['wg0:1'], StateDirectory: ''}", "is \"\", and not an absolute path"),
        ("Swarmd: {Listen: ['wg0:1'], StateDirectory: [/a]}", "Swarmd:StateDirectory is a list, and"),
        (whole + "VirtualSoulfindV2: {Torrent: {Limits: 5M}}", "it is a section, and no value of its own"),
    ]

    @Test("Each is told once, with its line, what is there and what is to be", arguments: mistakes + files)
    func mistake(_ text: String, _ words: String) throws {
        let scratch = try Scratch()
        let text = text.contains("Swarmd:") ? text : Self.whole + "  \(text)"
        let settings = try SwarmdSettings(
            path: scratch.write("node.yaml", Data(text.utf8)), environment: [:])
        #expect(settings.problems.count == 1, "\(settings.problems)")
        #expect(settings.problems.first?.contains(words) == true, "\(settings.problems)")
    }

    @Test("Of a section that is a value, what it lacks is told too")
    func sectionsThatAreValues() throws {
        let scratch = try Scratch()
        let settings = try SwarmdSettings(
            path: scratch.write("node.yaml", Data("Swarmd: true\nVirtualSoulfindV2: []".utf8)),
            environment: [:])
        #expect(settings.problems.count == 3)
        #expect(settings.problems.first?.contains("line 1: Swarmd is \"true\", and not a section") == true)
        #expect(settings.warnings == ["VirtualSoulfindV2 is not read: it is to be a section"])
    }

    @Test(
        "A file that is none is told by its path and line, once, and nothing of its content is shown",
        arguments: [
            ("a.yaml", "A: secret\nB: [secret", "line 3, column 1: did not find expected ',' or ']'"),
            ("a.yaml", "A:\n\tB: secret", "line 2, column 1: found character that cannot start any token"),
            (
                "a.yaml", "\nS: {A: secret, B: 1, A: 2}",
                "A is there more than once in the section that begins in line 2"
            ),
            ("a.yaml", "secret", "the outermost value is not a section"),
            ("a.json", "{\"A\": \"secret\"", "it is no valid JSON"),
            ("a.toml", "secret", "it is neither JSON nor YAML by its name"),
            ("none.yaml", nil, "No such file or directory"),
        ])
    func noFile(_ name: String, _ text: String?, _ reason: String) throws {
        let scratch = try Scratch()
        if let text { _ = try scratch.write(name, Data(text.utf8)) }
        let error = try #require(throws: (any Error).self) {
            try SwarmdSettings(path: scratch(name), environment: [:])
        }
        #expect("\(error)".contains("cannot read \(scratch(name)): \(reason)"), "\(error)")
        #expect(!"\(error)".contains("secret"))
    }

    @Test("swarmd does not start, and says the same as swarmctl config check: with the address that is wrong")
    func programs() async throws {
        let folder = try RunningDaemon.makeFolder()
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let file = "\(folder)/node.yaml"
        try "Swarmd:\n  Listen: [\"10.9.8.7\"]\n  StateDirectory: state\n"
            .write(toFile: file, atomically: true, encoding: .utf8)
        let daemon = try await Command(["--config", file], program: Command.beside("swarmd")).end()
        let check = try await Command.run("config", "check", file)
        #expect(daemon.status == 1)
        #expect(check.status == 78)
        for words in [
            "line 2: Swarmd:Listen is wrong: cannot read the listen address \"10.9.8.7\": the port is missing",
            "line 3: Swarmd:StateDirectory is \"state\", and not an absolute path",
        ] {
            #expect(daemon.notes.contains(words), "\(daemon.notes)")
            #expect((check.lines.joined() + check.notes).contains(words), "\(check)")
        }
        #expect(daemon.notes.contains("cannot use \(file): "))

        let usage = try await Command([], program: Command.beside("swarmd")).end()
        #expect(usage.status == 64)
        #expect(usage.notes.contains("USAGE: swarmd --config <file>"))
        let version = try await Command(["--version"], program: Command.beside("swarmd")).end()
        #expect(version.lines == ["swarmd \(PackageVersion.current)"])
    }
}

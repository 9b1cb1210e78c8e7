import ArgumentParser
import NodeControl
import Testing

@testable import swarmctl

/// What help, completions and manual pages are made of.
@Suite(.timeLimit(.minutes(1)))
struct HelpTests {
    @Test("Every command, argument and option says what it is for")
    func everything() async throws {
        let dump = try await Command.run("--experimental-dump-help")
        #expect(dump.status == 0)
        let root = try JSONValue(line: dump.lines.joined(separator: "\n"))
        var seen = 0
        func look(at command: JSONValue, _ path: String) {
            let name = path + (command["commandName"]?.string ?? "?")
            // The argument parser's own.
            guard command["commandName"]?.string != "help" else { return }
            seen += 1
            #expect(command["abstract"]?.string?.isEmpty == false, "\(name) has no help")
            for argument in command["arguments"]?.array ?? [] where argument["shouldDisplay"] != .bool(false)
            {
                let valueName = argument["valueName"]?.string ?? "?"
                #expect(argument["abstract"]?.string?.isEmpty == false, "\(name): \(valueName) has no help")
            }
            for child in command["subcommands"]?.array ?? [] where child["shouldDisplay"] != .bool(false) {
                look(at: child, name + " ")
            }
        }
        look(at: try #require(root["command"]), "")
        #expect(seen > 10)
    }

    @Test("Where a torrent is to be named, those of the node that the line speaks of are offered")
    func torrents() async throws {
        let daemon = try await RunningDaemon.start()
        let hash = String(repeating: "ab", count: 20)
        var request = AddRequest(invite: hash, folder: "\(daemon.folder)/in", members: ["127.0.0.9"])
        request.paused = true
        _ = try await daemon.client.add(request)
        let words = ["swarmctl", "pause", "--socket", daemon.socket, ""]
        #expect(await TorrentCompletions.all(words, within: .seconds(50)) == [hash])
        let offered = try await Command(
            ["---completion", "pause", "--", "positional@0", "4", "0"] + words
        ).end()
        #expect(offered.lines == [hash], "\(offered.notes)")
        #expect(await daemon.stop().status == 0)
        #expect(await TorrentCompletions.all(words).isEmpty)
        #expect(TorrentCompletions.socket(in: ["pause", "--socket=/s"]) == "/s")
    }

    @Test("A script for each shell completes every command", arguments: ["bash", "zsh", "fish"])
    func completions(_ shell: String) async throws {
        let script = try await Command.run("--generate-completion-script", shell)
        #expect(script.status == 0)
        let text = script.lines.joined(separator: "\n")
        for command in Swarmctl.commands where command.configuration.shouldDisplay {
            #expect(text.contains(command._commandName), "\(command._commandName)")
        }
    }
}

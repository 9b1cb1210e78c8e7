import Foundation
import NodeControl
import NodeInterface
import PrivateTorrent
import Testing

@testable import SwarmdSupport

@Suite struct SwarmdSettingsTests {
    private let scratch: Scratch

    init() throws { scratch = try Scratch() }

    private static let file = """
        VirtualSoulfindV2:
          Torrent:
            Limits: {Rates: "up=10M"}
            PrivateMode:
              InviteList:
                - 10.9.8.7
        Swarmd:
          Listen: ["127.0.0.1:0", "[::1]:0"]
          StateDirectory: /var/lib/swarmd
          Log:
            Level: debug
        """

    private func read(
        _ text: String, as name: String = "node.yaml", _ environment: [String: String] = [:]
    ) throws -> SwarmdSettings {
        try SwarmdSettings(path: scratch.write(name, Data(text.utf8)), environment: environment)
    }

    private func setting(_ key: String, _ settings: SwarmdSettings) throws -> SettingsReport.Setting {
        try #require(settings.settings.first { $0.key == key })
    }

    @Test("Every key says what counts and where that came from")
    func origins() throws {
        let settings = try read(
            Self.file,
            ["VIRTUALSOULFINDV2__TORRENT__LIMITS__RATES": "up=5M", "Swarmd__StateDirectory": "/no"])
        #expect(settings.problems.isEmpty)
        #expect(settings.warnings.isEmpty)
        let listen = try setting("Swarmd:Listen", settings)
        #expect(listen.value == "127.0.0.1:0, [::1]:0")
        #expect(listen.source == .file)
        #expect(listen.line == 8)
        #expect(listen.place == scratch("node.yaml"))
        #expect(try setting("Swarmd:Log:Level", settings).line == 11)
        // swarmd's own keys are not looked for in the environment.
        #expect(try setting("Swarmd:StateDirectory", settings).value == "/var/lib/swarmd")
        let rates = try setting("VirtualSoulfindV2:Torrent:Limits:Rates", settings)
        #expect(rates.value == "up=5M")
        #expect(rates.source == .environment)
        #expect(rates.place == "VirtualSoulfindV2__Torrent__Limits__Rates")
        #expect(settings.torrent.limits.rates == "up=5M")
        let format = try setting("Swarmd:Log:Format", settings)
        #expect(format.value == "human")
        #expect(format.source == .default)
        let seeders = try setting("VirtualSoulfindV2:Torrent:MinimumSeeders", settings)
        #expect(seeders.value == "2")
        #expect(seeders.source == .default)
        let keys = settings.settings.map(\.key)
        #expect(Set(keys).count == keys.count)
        #expect(SwarmdKey.allCases.allSatisfy { keys.contains($0.full) })
    }

    @Test("What is secret is told nowhere in the report")
    func secrets() throws {
        let settings = try read(Self.file)
        let invited = try setting("VirtualSoulfindV2:Torrent:PrivateMode:InviteList", settings)
        #expect(invited.isSecret)
        #expect(invited.source == .file)
        let report = String(decoding: try JSONEncoder().encode(settings.report), as: UTF8.self)
        #expect(!report.contains("10.9.8.7"))
        let other = try read(Self.file.replacing("10.9.8.7", with: "10.9.8.8"))
        let changes = other.report(changing: settings.settings, live: settings)
        let changed = changes.settings.filter(\.isChanged)
        #expect(changed.map(\.key) == ["VirtualSoulfindV2:Torrent:PrivateMode:InviteList"])
        #expect(changed.allSatisfy { $0.changedValue == nil })
    }

    @Test("Everything that is wrong is told at once, in JSON too")
    func mistakes() throws {
        let settings = try read(
            """
            {"Swarmd": {"StateDirectory": "x", "Lisen": [], "Log": {"Level": "loud", "Colour": 1}, "BudgetBytes": "all"},
             "VirtualSoulfindV2": {"Torrent": {"Enabled": "perhaps", "MinimumSeder": 1, "QueryTimeoutSeconds": 0}}}
            """, as: "node.json")
        for words in [
            "Swarmd:Lisen is not known", "Swarmd:Log:Colour is not known", "Swarmd:Listen is missing",
            "Swarmd:StateDirectory is \"x\", and not an absolute path",
            "Swarmd:Log:Level is \"loud\", and none of",
            "Swarmd:BudgetBytes is \"all\", and not a whole number", "Torrent:Enabled is \"perhaps\"",
            "QueryTimeoutSeconds=0",
        ] {
            #expect(settings.problems.contains { $0.contains(words) }, "\(words)")
        }
        #expect(settings.problems.count == 8)
        #expect(settings.warnings.count == 1)
        #expect(settings.warnings.first?.contains("MinimumSeder is not read") == true)
        #expect(throws: BackendError.self) { try SwarmdSettings.checked(path: scratch("node.json")) }
        #expect(throws: BackendError.self) { try SwarmdSettings(path: scratch("none.yaml")) }
    }

    @Test("Of what was read again only what is live counts, and what is not is told as a change")
    func changes() throws {
        let first = try read(Self.file)
        let second = try read(
            Self.file.replacing("Level: debug", with: "Level: error")
                .replacing("/var/lib/swarmd", with: "/srv/swarmd"))
        let before = second.report(changing: first.settings, live: first).settings.filter(\.isChanged)
        #expect(before.map(\.key) == ["Swarmd:StateDirectory", "Swarmd:Log:Level"])
        #expect(before.map(\.changedValue) == ["/srv/swarmd", "error"])
        #expect(before.map(\.value) == ["/var/lib/swarmd", "debug"])
        let running = first.running(withLiveOf: second)
        let after = second.report(changing: running, live: second).settings.filter(\.isChanged)
        #expect(after.map(\.key) == ["Swarmd:StateDirectory"])
    }
}

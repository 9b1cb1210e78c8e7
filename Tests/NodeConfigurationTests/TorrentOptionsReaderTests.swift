import Configuration
import Foundation
import NodeInterface
import PrivateTorrent
import Testing

@testable import NodeConfiguration

@Suite("TorrentOptionsReader")
struct TorrentOptionsReaderTests {
    private static let json = """
        { // comments are .NET's custom
          "VirtualSoulfindV2": { "Torrent": {
            "Enabled": true, "MinimumSeeders": "0", "MaxCandidatesPerItem": 3, "QueryTimeoutSeconds": 7,
            "Limits": {"Rates": "up=1M", "Schedule": ["08:00-18:00 up=1k"], "TimeZone": "UTC"},
            "PrivateMode": {
              "PrivateOnly": true, "DisableDht": true, "DisablePex": true, "AllowedPeerSources": "InviteList",
              "InviteList": ["10.0.0.1:6881", "[::1]:6881", "10.1.0.0/16"], } } },
          "Other": { "Enabled": "whatever" } }
        """
    private static let yaml = """
        VirtualSoulfindV2:
          Torrent:
            Enabled: true
            MinimumSeeders: 0
            MaxCandidatesPerItem: 3
            QueryTimeoutSeconds: "7"
            Limits:
              Rates: up=1M
              Schedule: ["08:00-18:00 up=1k"]
              TimeZone: UTC
            PrivateMode:
              AllowedPeerSources: InviteList
              InviteList:
                - 10.0.0.1:6881
                - "[::1]:6881"
                - 10.1.0.0/16
        """
    private static let environment = [
        "virtualsoulfindv2__TORRENT__enabled": "True",
        "VirtualSoulfindV2__Torrent__MinimumSeeders": "0",
        "VirtualSoulfindV2__Torrent__MaxCandidatesPerItem": "3",
        "VirtualSoulfindV2__Torrent__QueryTimeoutSeconds": "7",
        "VirtualSoulfindV2__Torrent__Limits__Rates": "up=1M",
        "VirtualSoulfindV2__Torrent__Limits__Schedule__0": "08:00-18:00 up=1k",
        "VirtualSoulfindV2__Torrent__Limits__TimeZone": "UTC",
        "VirtualSoulfindV2__Torrent__PrivateMode__AllowedPeerSources": "invitelist",
        "VirtualSoulfindV2__Torrent__PrivateMode__InviteList__0": "10.0.0.1:6881",
        "VirtualSoulfindV2__Torrent__PrivateMode__InviteList__10": "10.1.0.0/16",
        "VirtualSoulfindV2__Torrent__PrivateMode__InviteList__2": "[::1]:6881",
        "PATH": "/bin",
    ]
    private static let expected = TorrentBackendOptions(
        enabled: true, minimumSeeders: 0, maxCandidatesPerItem: 3, queryTimeoutSeconds: 7,
        privateMode: PrivateModeOptions(
            allowedPeerSources: .inviteList, inviteList: ["10.0.0.1:6881", "[::1]:6881", "10.1.0.0/16"]),
        limits: RateLimitOptions(rates: "up=1M", schedule: ["08:00-18:00 up=1k"], timeZone: "UTC"))

    @Test("JSON, YAML and the environment say the same in their own spellings")
    func formats() async throws {
        let folder = try ConfigurationFolder()
        for (name, text) in [("a.json", Self.json), ("a.yaml", Self.yaml)] {
            let reading = try await reader([folder.write(text, to: name)]).read()
            #expect(reading.options == Self.expected)
            #expect(reading.warnings.isEmpty)
        }
        #expect(try await reader([], Self.environment).read().options == Self.expected)
    }

    @Test("The environment goes before a file, key by key, a list whole; an earlier file before a later one")
    func precedence() async throws {
        let folder = try ConfigurationFolder()
        let files = [
            try folder.write(Self.yaml, to: "first.yaml"),
            try folder.write(
                Self.json.replacing("\"InviteList\": [", with: "\"InviteList\": [\"10.9.9.9\", "),
                to: "second.json"),
        ]
        let environment = [
            "VirtualSoulfindV2__Torrent__QueryTimeoutSeconds": "9",
            "VirtualSoulfindV2__Torrent__PrivateMode__InviteList__0": "10.0.0.7",
        ]
        let options = try await reader(files, environment).read().options
        #expect(options.queryTimeoutSeconds == 9)
        #expect(options.privateMode?.inviteList == ["10.0.0.7"])
        #expect(options.maxCandidatesPerItem == 3)
        let withoutEnvironment = try await reader(files).read().options
        #expect(withoutEnvironment.privateMode?.inviteList == Self.expected.privateMode?.inviteList)
        let nobody = ["VirtualSoulfindV2__Torrent__PrivateMode__InviteList": ""]
        #expect(try await reader(files, nobody).read().options.privateMode?.inviteList == [])
    }

    @Test(
        "An empty PrivateMode is there, a missing one is not",
        arguments: [
            ("a.json", #"{"VirtualSoulfindV2":{"Torrent":{"PrivateMode":{}}}}"#, true),
            ("a.json", #"{"VirtualSoulfindV2":{"Torrent":{}}}"#, false),
            ("a.json", #"{"VirtualSoulfindV2":{"Torrent":{"PrivateMode":null}}}"#, false),
            ("a.yml", "VirtualSoulfindV2: {Torrent: {PrivateMode: {}}}", true),
            ("a.yml", "VirtualSoulfindV2:\n  Torrent:\n    PrivateMode:\n", false),
            ("a.yml", "", false),
        ])
    func presence(name: String, text: String, isThere: Bool) async throws {
        let folder = try ConfigurationFolder()
        let reading = try await reader([folder.write(text, to: name)])
            .read()
        #expect(reading.options.privateMode == (isThere ? PrivateModeOptions() : nil))
        // Null is more likely meant as "there" than not.
        #expect(
            reading.warnings.contains { $0.contains("null") }
                == (text.contains("null") || text.contains("Mode:\n")))
    }

    @Test("An empty variable is an empty PrivateMode; one with a value is refused")
    func presenceInEnvironment() async throws {
        let key = "VIRTUALSOULFINDV2__TORRENT__PRIVATEMODE"
        #expect(try await reader([], [key: ""]).read().options.privateMode == PrivateModeOptions())
        let error = try await #require(throws: BackendError.self) {
            try await reader([], [key: "true"]).read()
        }
        #expect(error.operation.contains("VirtualSoulfindV2:Torrent:PrivateMode"))
    }

    @Test("Everything that is wrong is told at once, each by its key")
    func allProblems() async throws {
        let text = """
            {"VirtualSoulfindV2":{"Torrent":{
                "Enabled":"maybe","MinimumSeeders":1.5,"MaxCandidatesPerItem":0,"QueryTimeoutSeconds":[1],
                "PrivateMode":{"PrivateOnly":true,"DisableDht":false,"DisablePex":false,
                    "AllowedPeerSources":"Mesh","InviteList":["10.0.0.1","example.org:1","10.0.0.1/8"]}}}}
            """
        let folder = try ConfigurationFolder()
        let reader = try await reader([folder.write(text, to: "a.json")])
        let error = try #require(throws: BackendError.self) { try reader.read() }
        #expect(error.code == .invalidOptions)
        let prefix = "VirtualSoulfindV2:Torrent"
        for key in [
            "Enabled", "MinimumSeeders", "MaxCandidatesPerItem=0", "QueryTimeoutSeconds",
            "PrivateMode:DisableDht=false", "PrivateMode:DisablePex=false", "PrivateMode:PrivateOnly=true",
            "PrivateMode:AllowedPeerSources", "PrivateMode:InviteList:1", "PrivateMode:InviteList:2",
        ] {
            #expect(error.reason.contains("\(prefix):\(key)"), "\(key) is not named")
        }
        #expect(error.operation.contains("9 are wrong"))
    }

    @Test("A file that is not there, has a mistake or another format is told by its path")
    func unreadable() async throws {
        let folder = try ConfigurationFolder()
        let files = [
            try folder.write("{", to: "a.json"), try folder.write("[]", to: "b.json"),
            try folder.write("a: [", to: "c.yaml"), try folder.write("", to: "d.toml"),
            "\(folder.path)/e.json",
        ]
        for file in files {
            let error = try await #require(throws: BackendError.self) { try await reader([file]) }
            #expect(error.code == .invalidOptions)
            #expect(error.operation.contains(file))
        }
    }

    @Test("Keys that nothing reads are warned about, with the nearest that something does")
    func unknownKeys() async throws {
        let folder = try ConfigurationFolder()
        let text = """
            virtualsoulfindv2: {}
            VirtualSoulfindV2:
              Torrent:
                Enable: true
                InviteList: [10.0.0.1]
                PrivateMode: {disableDHT: true}
              Other: {Enable: x}
            """
        let environment = ["VIRTUALSOULFINDV2__TORRENT__PRIVATEMODE__ALLOWEDPEERSOURCE": "Both"]
        let warnings = try await reader([folder.write(text, to: "a.yaml")], environment).read().warnings
        let pairs = [
            ("__PRIVATEMODE__ALLOWEDPEERSOURCE ", "Torrent__PrivateMode__AllowedPeerSources"),
            ("virtualsoulfindv2 ", "VirtualSoulfindV2"),
            (":Enable ", "VirtualSoulfindV2:Torrent:Enabled"),
            (":Torrent:InviteList ", "VirtualSoulfindV2:Torrent:PrivateMode:InviteList"),
            (":PrivateMode:disableDHT ", "VirtualSoulfindV2:Torrent:PrivateMode:DisableDht"),
        ]
        #expect(warnings.count == pairs.count)
        for (unknown, nearest) in pairs {
            let warning = warnings.first { $0.contains(unknown) }
            #expect(warning?.hasSuffix(nearest) == true, "\(unknown): \(warning ?? "no warning")")
        }
    }

    @Test("Any provider of swift-configuration will do")
    func otherProviders() throws {
        let provider = InMemoryProvider(values: [
            AbsoluteConfigKey(["VirtualSoulfindV2", "Torrent", "Enabled"]): true,
            AbsoluteConfigKey(["VirtualSoulfindV2", "Torrent", "PrivateMode", "InviteList"]):
                ConfigValue(.stringArray(["10.0.0.1"]), isSecret: false),
        ])
        let options = try TorrentOptionsReader(providers: [provider]).read().options
        #expect(options.enabled)
        #expect(options.privateMode?.inviteList == ["10.0.0.1"])
    }
}

private func reader(_ files: [String], _ environment: [String: String] = [:]) async throws
    -> TorrentOptionsReader
{
    try await TorrentOptionsReader(files: files, environment: environment)
}

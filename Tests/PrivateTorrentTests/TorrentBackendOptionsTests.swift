import Foundation
import NodeInterface
import PrivateTorrent
import Testing
import TorrentEngine

@Suite("TorrentBackendOptions")
struct TorrentBackendOptionsTests {
    private static let prefix = "VirtualSoulfindV2:Torrent"

    @Test("defaults are the contract's, and valid")
    func defaults() throws {
        let options = try decode("{}")
        #expect(options == TorrentBackendOptions())
        #expect(!options.enabled)
        #expect(options.minimumSeeders == 2)
        #expect(options.maxCandidatesPerItem == 10)
        #expect(options.queryTimeoutSeconds == 30)
        #expect(options.privateMode == nil)
        try options.validate()
    }

    @Test("an empty PrivateMode counts as present, null does not")
    func presence() throws {
        let mode = try #require(try decode(#"{"PrivateMode":{}}"#).privateMode)
        #expect(mode == PrivateModeOptions())
        #expect(mode.privateOnly && mode.disableDHT && mode.disablePEX)
        #expect(mode.allowedPeerSources == .both)
        #expect(mode.inviteList.isEmpty)
        #expect(try decode(#"{"PrivateMode":null}"#).privateMode == nil)
    }

    @Test("reads and writes every key")
    func roundTrip() throws {
        let text = """
            {"Enabled":true,"Limits":{"Rates":"up=1M","Schedule":["sat up=0"],"TimeZone":"UTC"},\
            "MaxCandidatesPerItem":3,"MinimumSeeders":0,"PrivateMode":{"AllowedPeerSources":\
            "InviteList","DisableDht":true,"DisablePex":true,"InviteList":["10.0.0.1"],"PrivateOnly":false},\
            "QueryTimeoutSeconds":5}
            """
        let options = try decode(text)
        #expect(options.privateMode?.allowedPeerSources == .inviteList)
        #expect(options.privateMode?.privateOnly == false)
        #expect(options.limits.schedule == ["sat up=0"])
        try options.validate()
        let encoder = JSONEncoder()
        encoder.outputFormatting = .sortedKeys
        #expect(String(decoding: try encoder.encode(options), as: UTF8.self) == text)
    }

    @Test(
        "peer sources",
        arguments: [
            ("Both", true, true), ("overlay", true, false), ("INVITELIST", false, true),
        ])
    func sources(word: String, overlay: Bool, inviteList: Bool) throws {
        let sources = try decode(#"{"PrivateMode":{"AllowedPeerSources":"\#(word)"}}"#).privateMode?
            .allowedPeerSources
        #expect(sources?.allowsOverlay == overlay)
        #expect(sources?.allowsInviteList == inviteList)
    }

    @Test("an unknown word for peer sources is refused", arguments: ["", "None", "Overlay,InviteList"])
    func unknownSources(word: String) {
        #expect(throws: DecodingError.self) {
            try decode(#"{"PrivateMode":{"AllowedPeerSources":"\#(word)"}}"#)
        }
    }

    @Test(
        "values out of range are refused by their key",
        arguments: [
            (#"{"MinimumSeeders":-1}"#, "MinimumSeeders"),
            (#"{"MaxCandidatesPerItem":0}"#, "MaxCandidatesPerItem"),
            (#"{"QueryTimeoutSeconds":0}"#, "QueryTimeoutSeconds"),
            (#"{"QueryTimeoutSeconds":86401}"#, "QueryTimeoutSeconds"),
        ])
    func range(text: String, key: String) throws {
        let options = try decode(text)
        let error = try #require(throws: BackendError.self) { try options.validate() }
        #expect(error.code == .invalidOptions)
        #expect(error.operation.contains("\(Self.prefix):\(key)"))
    }

    @Test("PrivateOnly against an open channel names both keys", arguments: ["DisableDht", "DisablePex"])
    func contradiction(key: String) throws {
        let options = try decode(#"{"PrivateMode":{"\#(key)":false}}"#)
        let error = try #require(throws: BackendError.self) { try options.validate() }
        #expect(error.code == .invalidOptions)
        #expect(error.reason.contains("\(Self.prefix):PrivateMode:PrivateOnly"))
        #expect(error.reason.contains("\(Self.prefix):PrivateMode:\(key)"))
        #expect(error.reason.contains("contradict"))
    }

    @Test("no option opens a channel", arguments: [("DisableDht", "DHT"), ("DisablePex", "peer exchange")])
    func closed(key: String, channel: String) throws {
        let options = try decode(#"{"PrivateMode":{"PrivateOnly":false,"\#(key)":false}}"#)
        let error = try #require(throws: BackendError.self) { try options.validate() }
        #expect(error.reason.contains("no \(channel)"))
        #expect(error.reason.contains("off at all times"))
        #expect(!error.reason.contains("PrivateOnly"))
    }

    @Test("the invite list becomes rules")
    func invites() throws {
        let mode = PrivateModeOptions(inviteList: ["10.0.0.1", "10.1.0.0/16", "[::1]:6881", "10.0.0.9:1"])
        try mode.validate()
        #expect(try mode.inviteRules().rules.map(\.description) == mode.inviteList)
    }

    @Test(
        "an entry that is no rule is named, whoever the sources are",
        arguments: [
            "", "10.0.0.1/8", "example.org:6881", "0.0.0.0/0", "::/0", "fe80::1%wg0", "10.0.0.1:0", " ::1",
        ],
        AllowedPeerSources.allCases)
    func badInvite(entry: String, sources: AllowedPeerSources) throws {
        let mode = PrivateModeOptions(allowedPeerSources: sources, inviteList: ["10.0.0.1", entry])
        let options = TorrentBackendOptions(privateMode: mode)
        let error = try #require(throws: BackendError.self) { try options.validate() }
        #expect(error.code == .invalidOptions)
        #expect(error.operation.hasSuffix("of \(Self.prefix):PrivateMode:InviteList:1"))
        #expect(error.underlying != nil)
    }

    private func decode(_ text: String) throws -> TorrentBackendOptions {
        try JSONDecoder().decode(TorrentBackendOptions.self, from: Data(text.utf8))
    }
}

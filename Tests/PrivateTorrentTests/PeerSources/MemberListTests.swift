import NodeInterface
import Testing
import TorrentEngine

@testable import PrivateTorrent

@Suite struct MemberListTests {
    private static let invited = "10.0.0.1"
    private static let overlay = "10.0.0.2:6881"

    private func list(_ allowed: AllowedPeerSources) throws -> MemberList {
        var list = try MemberList(
            PrivateModeOptions(allowedPeerSources: allowed, inviteList: [Self.invited]))
        list.set(
            [SwarmSource(peerID: "p", transport: "mesh", address: "10.0.0.2", port: 6881)], namedFor: "a")
        return list
    }

    private func member(_ text: String, _ source: Member.Source) throws -> Member {
        Member(try AddressRule(parsing: text), source: source)
    }

    @Test("A source that the options do not allow admits nobody", arguments: AllowedPeerSources.allCases)
    func allowedSources(_ allowed: AllowedPeerSources) throws {
        var list = try list(allowed)
        // Sources of either kind, whatever the kind of provider that they come from.
        list.set([try member("10.0.0.3", .overlay), try member("10.0.0.4", .inviteList)], ofSource: 0)
        let expected =
            (allowed.allowsInviteList ? [Self.invited] : []) + (allowed.allowsOverlay ? [Self.overlay] : [])
            + (allowed.allowsOverlay ? ["10.0.0.3"] : []) + (allowed.allowsInviteList ? ["10.0.0.4"] : [])
        #expect(list.members.map(\.rule.description) == expected)
        for other in AllowedPeerSources.allCases {
            try list.set(PrivateModeOptions(allowedPeerSources: other))
            #expect(list.members.contains { $0.source == .overlay } == other.allowsOverlay)
            #expect(list.members.contains { $0.source == .inviteList } == other.allowsInviteList)
        }
    }

    @Test("A member that two sources name stays until neither does, and keeps its source")
    func twoSources() throws {
        var list = try list(.both)
        list.set([try member(Self.overlay, .overlay)], ofSource: 0)
        list.set([try member(Self.invited, .overlay)], ofSource: 1)
        #expect(list.members.count == 2)
        #expect(list.members.first { $0.rule.description == Self.invited }?.source == .inviteList)
        list.forget(holder: "a")
        #expect(list.members.count == 2)
        try list.set(PrivateModeOptions())
        #expect(list.members.first { $0.rule.description == Self.invited }?.source == .overlay)
        list.set([], ofSource: 0)
        #expect(list.members.map(\.rule.description) == [Self.invited])
        list.set([], ofSource: 1)
        #expect(list.members.isEmpty)
    }

    @Test("Whose address it is comes with the member; of an address that several share, every ID")
    func peerIDs() throws {
        func source(_ id: String) -> SwarmSource {
            SwarmSource(peerID: id, transport: "mesh", address: "10.0.0.9", port: 6881)
        }
        var list = try MemberList(nil)
        list.set([try member("10.0.0.9:6881", .overlay)], ofSource: 0)
        #expect(list.members.map(\.peerID) == [nil])
        list.set([source("bob")], namedFor: "x")
        #expect(list.members.map(\.peerID) == ["bob"])
        list.set([source("bob"), source("mallory")], namedFor: "y")
        #expect(list.members.map(\.peerID) == ["bob", "mallory"])
        list.set([source(String(repeating: "b", count: 65))], namedFor: "y")
        #expect(list.members.map(\.peerID) == ["bob"])
    }

    @Test("A job's source without a literal address and a port admits nobody")
    func incompleteSources() throws {
        var list = try MemberList(nil)
        list.set(
            [
                SwarmSource(peerID: "a", transport: "mesh"),
                SwarmSource(peerID: "b", transport: "mesh", address: "10.0.0.1"),
                SwarmSource(peerID: "c", transport: "mesh", address: "example.org", port: 1),
                SwarmSource(peerID: "d", transport: "mesh", address: "10.0.0.1", port: 0),
            ], namedFor: "a")
        #expect(list.members.isEmpty)
    }
}

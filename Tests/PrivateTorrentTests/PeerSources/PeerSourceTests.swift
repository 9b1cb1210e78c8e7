import Foundation
import NodeInterface
import Testing
import TorrentEngine

@testable import PrivateTorrent

@Suite(.timeLimit(.minutes(1)))
struct PeerSourceTests {
    private func rules(_ members: [Member]?) -> [String]? { members?.map(\.rule.description) }

    @Test("A static list is named at once, and never taken away")
    func fixed() async throws {
        let list = try AddressRuleList([
            AddressRule(parsing: "10.0.0.1"), AddressRule(parsing: "10.1.0.0/16"),
        ])
        var reader = StaticPeerSource(list).members(jobID: nil).makeAsyncIterator()
        let members = await reader.next()
        #expect(rules(members) == ["10.0.0.1", "10.1.0.0/16"])
        #expect(members?.allSatisfy { $0.source == .inviteList } == true)
        let next = Task {
            await StaticPeerSource(list).members(jobID: "j").reduce(into: 0) { count, _ in count += 1 }
        }
        // It goes on until the reader has had enough.
        try await Task.sleep(for: .milliseconds(20))
        next.cancel()
        #expect(await next.value == 1)
    }

    @Test("The overlay's joins and leaves become lists; what is no endpoint admits nobody")
    func overlay() async throws {
        let overlay = ScriptedOverlay()
        var reader = OverlayPeerSource(overlay).members(jobID: "job").makeAsyncIterator()
        overlay.send(
            .joined(OverlayPeer(peerID: "a", endpoints: ["10.0.0.1:1", "example.org:1", "10.0.0.2"])))
        #expect(rules(await reader.next()) == ["10.0.0.1:1"])
        overlay.send(.joined(OverlayPeer(peerID: "b", endpoints: ["[::1]:2"])))
        #expect(rules(await reader.next()) == ["10.0.0.1:1", "[::1]:2"])
        overlay.send(.joined(OverlayPeer(peerID: "a", endpoints: ["10.0.0.1:3"])))
        #expect(rules(await reader.next()) == ["10.0.0.1:3", "[::1]:2"])
        overlay.send(.left(peerID: "a"))
        let left = await reader.next()
        #expect(rules(left) == ["[::1]:2"])
        #expect(left?.first?.source == .overlay)
        overlay.end()
        #expect(await reader.next() == nil)
        var withoutJob = OverlayPeerSource(ScriptedOverlay()).members(jobID: nil).makeAsyncIterator()
        #expect(await withoutJob.next() == nil)
    }

    @Test("Peers are named for a job alone, by whoever has to say so")
    func jobPeers() async throws {
        let peers = JobPeers()
        peers.admit(OverlayPeer(peerID: "a", endpoints: ["10.0.0.1:1"]), to: "one")
        var one = peers.members(jobID: "one").makeAsyncIterator()
        var two = peers.members(jobID: "two").makeAsyncIterator()
        #expect(rules(await one.next()) == ["10.0.0.1:1"])
        #expect(rules(await two.next()) == [])
        peers.admit(OverlayPeer(peerID: "b", endpoints: ["10.0.0.2:1"]), to: "one")
        #expect(rules(await one.next()) == ["10.0.0.1:1", "10.0.0.2:1"])
        peers.withdraw(peerID: "a", from: "one")
        #expect(rules(await one.next()) == ["10.0.0.2:1"])
        peers.forget(jobID: "one")
        #expect(rules(await one.next()) == [])
    }

    @Test(
        "A file is read again when it changes; a mistake keeps the last good list and is told; missing at first is nobody"
    )
    func file() async throws {
        let scratch = try Scratch()
        let path = "\(scratch.path)/members"
        let (errors, failed) = AsyncStream.makeStream(of: EngineError.self)
        let source = FilePeerSource(WatchedRuleFile(path), every: .milliseconds(10)) { failed.yield($0) }
        var reader = source.members(jobID: nil).makeAsyncIterator()
        var error = errors.makeAsyncIterator()
        #expect(await error.next()?.code == .inputMissing)
        try write("10.0.0.1:6881 # a friend\n", to: path)
        #expect(rules(await reader.next()) == ["10.0.0.1:6881"])
        try write("10.0.0.1\nexample.org\n", to: path)
        let mistake = await error.next()
        #expect(mistake?.code == .malformed)
        #expect(mistake?.operation.contains("line 2") == true)
        #expect(mistake?.operation.contains(path) == true)
        try write("10.0.0.2\n10.1.0.0/16\n", to: path)
        #expect(rules(await reader.next()) == ["10.0.0.2", "10.1.0.0/16"])
    }

    @Test("An interface's own networks are members; loopback is one that every machine has")
    func interface() async throws {
        let networks = InterfaceNetwork.all(of: "lo")
        #expect(networks.contains { $0.rule?.description == "127.0.0.0/8" })
        #expect(InterfaceNetwork.all(of: "nosuch0").isEmpty)
        var reader = InterfacePeerSource("lo").members(jobID: nil).makeAsyncIterator()
        let members = await reader.next()
        #expect(rules(members)?.contains("127.0.0.0/8") == true)
        #expect(members?.first?.source == .overlay)
        var missing = InterfacePeerSource("nosuch0").members(jobID: nil).makeAsyncIterator()
        #expect(rules(await missing.next()) == [])
    }

    @Test(
        "A network is its block; an address alone, a link's and everything there is are none",
        arguments: [
            ("10.8.0.7", 24, "10.8.0.0/24"), ("10.8.0.7", 20, "10.8.0.0/20"), ("fd00::7", 64, "fd00::/64"),
            ("100.64.1.2", 32, nil), ("fd00::7", 128, nil), ("169.254.3.4", 16, nil), ("fe80::1", 64, nil),
            ("10.0.0.1", 0, nil),
        ])
    func networks(address: String, prefix: Int, expected: String?) throws {
        let network = InterfaceNetwork(address: try IPAddress(parsing: address), prefixLength: prefix)
        #expect(network.rule?.description == expected)
    }

    @Test("A block counts while the interface has an address in it")
    func blocks() throws {
        let block = try AddressRule(parsing: "100.64.0.0/10")
        let inside = InterfaceNetwork(address: try IPAddress(parsing: "100.70.1.2"), prefixLength: 32)
        let outside = InterfaceNetwork(address: try IPAddress(parsing: "10.0.0.1"), prefixLength: 32)
        #expect(InterfacePeerSource.rules([inside], [block]) == [block])
        #expect(InterfacePeerSource.rules([outside], [block]).isEmpty)
    }

    private func write(_ text: String, to path: String) throws {
        try Data(text.utf8).write(to: URL(filePath: path), options: .atomic)
    }
}

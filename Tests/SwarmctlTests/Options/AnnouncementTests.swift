import Testing
import TorrentEngine

@testable import swarmctl

@Suite struct AnnouncementTests {
    private func addresses(_ texts: String...) throws -> [ListenAddress] { try ListenOptions.parse(texts) }

    @Test func theListeningAddressUnlessToldOtherwise() throws {
        let listening = [try PeerEndpoint(parsing: "10.0.0.1:7000")]
        let own = try Announcement(nil, listen: try addresses("10.0.0.1:0"))
        #expect(own.endpoints(listening: listening) == listening)
        let other = try Announcement("192.0.2.7:99", listen: try addresses("0.0.0.0:7000"))
        #expect(other.endpoints(listening: listening).map(\.description) == ["192.0.2.7:99"])
        let samePort = try Announcement("192.0.2.7:0", listen: try addresses("0.0.0.0:0"))
        #expect(samePort.endpoints(listening: listening).map(\.description) == ["192.0.2.7:7000"])
    }

    @Test(arguments: [nil, "0.0.0.0:1", "example.org:1", "wg0:1", "nonsense"])
    func aWildcardNeedsAnAddress(_ announce: String?) throws {
        let listen = try addresses("0.0.0.0:0")
        let failure = #expect(throws: Failure.self) { try Announcement(announce, listen: listen) }
        #expect(failure?.status == .usage)
        #expect(failure?.remedy != nil)
    }
}

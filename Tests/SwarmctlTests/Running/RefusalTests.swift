import Testing
import TorrentEngine

@testable import swarmctl

@Suite struct RefusalTests {
    @Test func theLineSaysHowToAdmit() throws {
        let peer = try PeerEndpoint(parsing: "198.51.100.7:4000")
        #expect(
            PeerReporter.refusalLine(peer, .notAMember, 3, side: .seed)
                == "refused 198.51.100.7 (3 tries): to admit it, add --allow 198.51.100.7")
        #expect(
            PeerReporter.refusalLine(peer, .notAMember, 1, side: .seed)
                == "refused 198.51.100.7 (1 try): to admit it, add --allow 198.51.100.7")
        #expect(!PeerReporter.refusalLine(peer, .harmfulHandshake, 1, side: .seed).contains("--allow"))
    }

    @Test func aFloodIsThinned() throws {
        var throttle = RefusalThrottle()
        let address = try PeerEndpoint(parsing: "198.51.100.7:4000").address
        let now = ContinuousClock.now
        let shown = (1...UInt64(1500)).filter { throttle.shows(address, tries: $0, at: now) }
        #expect(shown == [1, 2, 3, 10, 100, 1000])
        let isShownAfterQuiet = throttle.shows(address, tries: 1501, at: now + .seconds(31))
        #expect(isShownAfterQuiet)
    }

    @Test func manyAddressesAreThinnedToo() throws {
        var throttle = RefusalThrottle()
        let now = ContinuousClock.now
        let shown = try (1...3000).count { number in
            let peer = try PeerEndpoint(parsing: "10.1.\(number / 250).\(number % 250 + 1):1")
            return throttle.shows(peer.address, tries: 1, at: now)
        }
        #expect(shown == 1024)
    }
}

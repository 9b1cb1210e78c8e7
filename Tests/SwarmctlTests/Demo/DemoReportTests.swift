import Testing
import TorrentEngine

@testable import swarmctl

@Suite("DemoReport")
struct DemoReportTests {
    private func report(
        strangerBytes: Int = 0, connections: Int = 8, answered: Int = 4, channel: Channel? = nil,
        copies: [DemoReport.Copy] = []
    ) throws -> DemoReport {
        var channels = ChannelCounts()
        if let channel { channels[channel] = 1 }
        return DemoReport(
            addresses: try DemoAddresses(), copies: copies,
            stranger: Stranger.Result(
                connections: connections, unheard: 8 - connections, receivedBytes: strangerBytes),
            gossip: GossipingMember.Result(answered: answered, connections: 4), channels: channels, looks: 1,
            total: .seconds(1), seedPeers: PeerTally())
    }

    @Test("One byte for the stranger fails it")
    func stranger() throws {
        #expect(try report().failure == nil)
        let failure = try #require(try report(strangerBytes: 1).failure)
        #expect(failure.code == "strangerServed")
        #expect(failure.status != .success)
    }

    @Test("Any channel fails it", arguments: Channel.allCases)
    func channel(_ channel: Channel) throws {
        let failure = try #require(try report(channel: channel).failure)
        #expect(failure.code == "channelUsed")
        #expect(failure.message.contains(channel.rawValue))
    }

    @Test("A copy that differs fails it")
    func copy() throws {
        let nothing = TreeComparison.compare("nothing", in: "/nonexistent", and: "/nonexistent")
        let copy = DemoReport.Copy(name: "a", way: "by hand", result: nothing, elapsed: .zero)
        #expect(try report(copies: [copy]).failure?.code == "copyDiffers")
    }

    @Test("Silence proves nothing where nobody was heard")
    func inconclusive() throws {
        #expect(try report(connections: 7).failure?.code == "inconclusive")
        #expect(try report(answered: 3).failure?.code == "inconclusive")
    }

    @Test("The JSON object names every channel")
    func json() throws {
        let line = try #require(Output.line(try report(channel: .lsd)))
        #expect(line.contains("\"event\":\"demo\"") && line.contains("\"schemaVersion\":1"))
        #expect(line.contains("\"lsd\":1"))
        for channel in Channel.allCases { #expect(line.contains("\"\(channel.rawValue)\":")) }
    }
}

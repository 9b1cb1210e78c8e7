import TorrentEngine

/// What happened in the demo, and whether it is as it should be.
struct DemoReport: OutputEvent {
    static let event = EventName.demo

    /// A copy that was fetched and compared.
    struct Copy: Sendable {
        let name: String
        let way: String
        let result: TreeComparison
        let elapsed: Duration
    }

    let addresses: DemoAddresses
    let copies: [Copy]
    let stranger: Stranger.Result
    let gossip: GossipingMember.Result
    let channels: ChannelCounts
    let looks: Int
    let total: Duration
    let seedPeers: PeerTally

    var bytes: UInt64 { copies.reduce(0) { $0 + $1.result.equalBytes } }
    /// From adding the torrents to their last verified bytes.
    var elapsed: Duration { copies.reduce(.zero) { $0 + $1.elapsed } }
    var isIdentical: Bool { copies.allSatisfy(\.result.isIdentical) }

    /// Why the demo has failed; nil where all is well.
    var failure: Failure? {
        if stranger.receivedBytes > 0 {
            return Failure(
                "strangerServed", .software,
                "the stranger, who is no member, got \(Units.count(stranger.receivedBytes, "byte"))",
                remedy: "do not use this build: its admission gate is open")
        }
        if !channels.used.isEmpty {
            let used = channels.used.map { "\($0.rawValue) (\(channels[$0]))" }.joined(separator: ", ")
            return Failure(
                "channelUsed", .software, "something left the swarm by \(used)",
                remedy: "do not use this build: it is not private")
        }
        if let copy = copies.first(where: { !$0.result.isIdentical }) {
            let paths = copy.result.differences.prefix(3).joined(separator: ", ")
            return Failure("copyDiffers", .badData, "the copy of \(copy.name) differs: \(paths)")
        }
        // Silence proves nothing where nobody was heard.
        if stranger.unheard > 0 || stranger.connections == 0 || gossip.answered < gossip.connections
            || gossip.connections == 0
        {
            return Failure(
                "inconclusive", .unavailable,
                "the stranger could connect \(stranger.connections) of "
                    + "\(stranger.connections + stranger.unheard) times, and a member who speaks as it does was "
                    + "answered \(gossip.answered) of \(gossip.connections) times",
                remedy: "try again when the machine is less busy")
        }
        return nil
    }

    /// For people.
    var text: String {
        let rate = UInt64(Double(bytes) / max(elapsed.milliseconds / 1000, 0.001))
        var lines = copies.map { copy in
            "fetched   \(copy.name) \(copy.way), \(Units.count(copy.result.fileCount, "file")), in "
                + "\(Int(copy.elapsed.milliseconds.rounded())) ms: "
                + (copy.result.isIdentical ? "identical, byte by byte" : "DIFFERENT")
        }
        lines += [
            "bytes     \(bytes) compared (\(Units.size(bytes))), at \(Units.rate(rate))",
            "peers     the seed \(addresses.seed) admitted \(list(seedPeers.admitted)), "
                + "and refused \(list(seedPeers.refused))",
            "stranger  \(addresses.stranger) has the info-hash; plaintext, BEP 9, MSE, garbage and uTP, "
                + "\(stranger.connections) connections: \(Units.count(stranger.receivedBytes, "byte")) back",
            "          (the member \(addresses.gossip), speaking the same plaintext, got "
                + "\(Units.count(gossip.receivedBytes, "byte")) over \(gossip.connections))",
            "channels  the .torrent, the invite and a member named a way out for each; every counter was",
            "          seen to count before; sockets were looked at \(looks) times",
        ]
        let width = Channel.allCases.map(\.rawValue.count).max() ?? 0
        for channel in Channel.allCases {
            let name = channel.rawValue + String(repeating: " ", count: width - channel.rawValue.count)
            lines.append("  \(name)  \(channels[channel])  \(channel.explanation)")
        }
        lines.append("\(failure == nil ? "passed" : "FAILED")    in \(Units.time(total))")
        return lines.joined(separator: "\n")
    }

    private func list(_ peers: [IPAddress: some BinaryInteger]) -> String {
        let texts = peers.sorted { $0.key < $1.key }.map { "\($0.key) (\(Units.count($0.value, "time")))" }
        return texts.isEmpty ? "nobody" : texts.joined(separator: " and ")
    }

    private enum Key: String, CodingKey {
        case bytes, elapsedMilliseconds, identical, strangerBytes, strangerConnections, channels
    }

    func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: Key.self)
        try container.encode(bytes, forKey: .bytes)
        try container.encode(elapsed.milliseconds, forKey: .elapsedMilliseconds)
        try container.encode(isIdentical, forKey: .identical)
        try container.encode(stranger.receivedBytes, forKey: .strangerBytes)
        try container.encode(stranger.connections, forKey: .strangerConnections)
        try container.encode(channels, forKey: .channels)
    }
}

public import TorrentEngine

/// The networks of an interface of this machine: whoever is reached through a WireGuard or Tailscale overlay.
///
/// Looked at again as its addresses change. While the interface is missing or down, nobody is named.
public struct InterfacePeerSource: PeerSource {
    private let name: String
    private let blocks: [AddressRule]
    private let source: Member.Source
    private let interval: Duration

    /// Makes a source.
    ///
    /// - Parameters:
    ///   - name: The interface, such as `wg0`.
    ///   - blocks: Blocks that count too while the interface has an address in them. An interface whose address has
    ///     no network of its own needs one: Tailscale gives each machine a /32 of `100.64.0.0/10`.
    ///   - source: What its members count as.
    ///   - interval: How often it is looked at.
    public init(
        _ name: String, blocks: [AddressRule] = [], countingAs source: Member.Source = .overlay,
        every interval: Duration = .seconds(1)
    ) {
        self.name = name
        self.blocks = blocks
        self.source = source
        self.interval = interval
    }

    /// The interface's networks, for every job.
    public func members(jobID: String?) -> AsyncStream<[Member]> {
        let (stream, continuation) = AsyncStream.makeStream(
            of: [Member].self, bufferingPolicy: .bufferingNewest(1))
        let (name, blocks, source, interval) = (name, blocks, source, interval)
        let watching = Task {
            var known: [AddressRule]?
            repeat {
                // Does not block: the kernel answers from memory.
                let rules = Self.rules(InterfaceNetwork.all(of: name), blocks)
                if rules != known { continuation.yield(rules.map { Member($0, source: source) }) }
                known = rules
            } while (try? await Task.sleep(for: interval)) != nil
        }
        continuation.onTermination = { _ in watching.cancel() }
        return stream
    }

    /// The blocks to admit for an interface with these networks.
    static func rules(_ networks: [InterfaceNetwork], _ blocks: [AddressRule]) -> [AddressRule] {
        var out: [AddressRule] = []
        for network in networks {
            if let rule = network.rule, !out.contains(rule) { out.append(rule) }
            for block in blocks where block.contains(network.address) && !out.contains(block) {
                out.append(block)
            }
        }
        return out
    }
}

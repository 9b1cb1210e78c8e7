public import TorrentEngine

/// Members that never change.
public struct StaticPeerSource: PeerSource {
    private let members: [Member]

    /// Makes a source.
    public init(_ members: [Member]) { self.members = members }

    /// Makes a source of rules that count as that source.
    public init(_ rules: AddressRuleList, countingAs source: Member.Source = .inviteList) {
        members = rules.rules.map { Member($0, source: source) }
    }

    /// The members, for every job and as long as it is read.
    public func members(jobID: String?) -> AsyncStream<[Member]> {
        let (stream, continuation) = AsyncStream.makeStream(of: [Member].self)
        continuation.yield(members)
        // Kept open: an end would take them away.
        continuation.onTermination = { [continuation] _ in continuation.finish() }
        return stream
    }
}

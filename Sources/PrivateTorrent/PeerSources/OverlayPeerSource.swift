public import NodeInterface
public import TorrentEngine

/// The mesh overlay's joins and leaves as a source of members.
public struct OverlayPeerSource: PeerSource {
    private let overlay: any OverlayPeerProvider

    /// Makes a source.
    public init(_ overlay: any OverlayPeerProvider) { self.overlay = overlay }

    /// The endpoints of everybody who takes part in the job; nobody where there is no job.
    public func members(jobID: String?) -> AsyncStream<[Member]> {
        let (stream, continuation) = AsyncStream.makeStream(
            of: [Member].self, bufferingPolicy: .bufferingNewest(1))
        guard let jobID else {
            continuation.finish()
            return stream
        }
        let events = overlay.peerEvents(jobID: jobID)
        let reading = Task {
            var peers: [String: [Member]] = [:]
            for await event in events {
                switch event {
                case .joined(let peer): peers[peer.peerID] = peer.members
                case .left(let peerID): peers[peerID] = nil
                }
                continuation.yield(peers.sorted { $0.key < $1.key }.flatMap(\.value))
            }
            continuation.finish()
        }
        continuation.onTermination = { _ in reading.cancel() }
        return stream
    }
}

extension OverlayPeer {
    /// A member for each endpoint; what cannot be read as one admits nobody.
    var members: [Member] { endpoints.compactMap { Member(overlayEndpoint: $0, of: peerID) } }
}

extension Member {
    /// An overlay's peer by `address:port`; nil for anything else.
    init?(overlayEndpoint text: String, of peerID: String) {
        guard let endpoint = try? PeerEndpoint(parsing: text), let rule = try? AddressRule(endpoint) else {
            return nil
        }
        self.init(rule, source: .overlay, overlayID: peerID)
    }
}

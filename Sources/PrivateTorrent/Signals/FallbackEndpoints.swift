import NodeInterface
import NodeSupport
import TorrentEngine

/// Finds where the other side of a fallback may be dialled and admitted: never just because it says so.
struct FallbackEndpoints: Sendable {
    let overlay: (any OverlayPeerProvider)?
    let policy: any SecurityPolicy
    let calls: OutsideCalls
    /// How long the overlay is waited for.
    let callLimit: Duration
    /// How long the policy is.
    let policyLimit: Duration
    private static let limit = 16

    /// - Parameter claimed: What the peer's signal says; untrusted.
    /// - Returns: As sources that a job may have; none where the peer cannot be in the swarm.
    /// - Throws: `.cancelled`; `.timedOut` where the overlay or the policy does not answer.
    func sources(
        of peerID: String, claimed: [String]?, job: SwarmJob, variantID: String
    ) async throws(BackendError) -> [SwarmSource] {
        let own = job.sources.filter { $0.peerID == peerID }
        let (overlay, policy) = (overlay, policy)
        let fromOverlay = Self.endpoints(
            try await calls.call("ask the overlay for peer \(peerID)", within: callLimit) {
                await overlay?.endpoints(ofPeer: peerID, inJob: job.jobID) ?? []
            })
        let fromJob = own.compactMap { source -> PeerEndpoint? in
            guard let address = source.address.flatMap({ try? IPAddress(parsing: $0) }),
                let port = source.port
            else { return nil }
            return try? PeerEndpoint(address: address, port: port)
        }
        // The overlay knows the peer by its address. Its BitTorrent port is the peer's own affair.
        let known = Set(
            fromOverlay.map(\.address) + own.compactMap { $0.address.flatMap { try? IPAddress(parsing: $0) } }
        )
        let claims = Self.endpoints(claimed ?? [])
        var admitted = claims.filter { known.contains($0.address) }
        let unknown = claims.filter { !known.contains($0.address) }
        if !unknown.isEmpty {
            let question = SecurityQuestion(
                action: .admitUnknownEndpoints, peerID: peerID, jobID: job.jobID, variantID: variantID,
                endpoints: unknown.map(\.description))
            let decision = try await calls.call("ask the policy for peer \(peerID)", within: policyLimit) {
                await policy.decide(question)
            }
            if decision.isAllowed { admitted += unknown }
        }
        if admitted.isEmpty { admitted = fromOverlay }
        if admitted.isEmpty { admitted = fromJob }
        return admitted.prefix(Self.limit).map {
            SwarmSource(peerID: peerID, transport: "torrent", address: "\($0.address)", port: $0.port)
        }
    }

    /// Each once; what is no endpoint of a single peer is left out.
    private static func endpoints(_ texts: [String]) -> [PeerEndpoint] {
        var seen: Set<PeerEndpoint> = []
        return texts.prefix(limit).compactMap { text in
            guard let endpoint = try? PeerEndpoint(parsing: text), (try? AddressRule(endpoint)) != nil,
                seen.insert(endpoint).inserted
            else { return nil }
            return endpoint
        }
    }
}

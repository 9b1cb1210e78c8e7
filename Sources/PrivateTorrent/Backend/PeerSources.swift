import NodeInterface
import TorrentEngine

/// The members of a torrent, put together from the sources that the options allow.
struct PeerSources: Sendable {
    /// From the options.
    private let inviteList: [Member]
    /// From the job, once and for all.
    private let jobSources: [Member]
    /// From the mesh, by peer.
    private var overlay: [String: [Member]] = [:]
    private let allowsOverlay: Bool

    /// - Parameter job: Nil for a fetch that belongs to no job.
    init(_ options: PrivateModeOptions?, job: SwarmJob?) throws(BackendError) {
        // Without a private mode only the filter of candidates is off: the engine is private all the same.
        let options = options ?? PrivateModeOptions()
        allowsOverlay = options.allowedPeerSources.allowsOverlay
        inviteList =
            options.allowedPeerSources.allowsInviteList
            ? try options.inviteRules().rules.map { Member($0, source: .inviteList) } : []
        jobSources = allowsOverlay ? Self.members(of: job?.sources ?? []) : []
    }

    var members: [Member] {
        var seen: Set<AddressRule> = []
        return (inviteList + jobSources + overlay.sorted { $0.key < $1.key }.flatMap(\.value))
            .filter { seen.insert($0.rule).inserted }
    }

    /// Takes in a join or leave; false where it changes nothing.
    mutating func take(_ event: OverlayPeerEvent) -> Bool {
        guard allowsOverlay else { return false }
        switch event {
        case .joined(let peer):
            let members = peer.endpoints.compactMap(Self.rule).map { Member($0, source: .overlay) }
            return overlay.updateValue(members, forKey: peer.peerID) != members
        case .left(let peerID):
            return overlay.removeValue(forKey: peerID) != nil
        }
    }

    /// The mesh is gone, and with it everybody who came through it.
    mutating func overlayEnded() -> Bool {
        defer { overlay.removeAll() }
        return !overlay.isEmpty
    }

    private static func members(of sources: [SwarmSource]) -> [Member] {
        sources.compactMap { source in
            guard let address = source.address.flatMap({ try? IPAddress(parsing: $0) }),
                let port = source.port,
                let endpoint = try? PeerEndpoint(address: address, port: port),
                let rule = try? AddressRule(endpoint)
            else { return nil }
            return Member(rule, source: .overlay)
        }
    }

    /// What cannot be read as an endpoint admits nobody.
    private static func rule(_ endpoint: String) -> AddressRule? {
        guard let endpoint = try? PeerEndpoint(parsing: endpoint) else { return nil }
        return try? AddressRule(endpoint)
    }
}

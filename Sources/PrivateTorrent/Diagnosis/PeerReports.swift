public import TorrentEngine

/// Who is, was and could be in a torrent's swarm: its connections, who was seen lately, and the members that can be
/// dialled and were not seen.
struct PeerReports {
    let all: [PeerReport]

    init(_ facts: TorrentFacts) {
        let places = Set(facts.peers.map { Self.place($0.endpoint, $0.direction) })
        var reports = facts.peers.map {
            PeerReport($0, seen: facts.history.peers[Self.place($0.endpoint, $0.direction)], now: facts.time)
        }
        for (place, seen) in facts.history.peers where !places.contains(place) {
            let admitting = facts.members.filter { member in
                seen.direction == .outgoing
                    ? member.rule.covers(seen.endpoint) : member.rule.contains(seen.endpoint.address)
            }
            let member = admitting.first { $0 == seen.member } ?? admitting.first
            reports.append(PeerReport(seen, member: member, now: facts.time))
        }
        let known = Set(reports.map { Self.place($0.endpoint, $0.direction) })
        for member in facts.members {
            guard let endpoint = member.endpoint, !known.contains(Self.place(endpoint, .outgoing)) else {
                continue
            }
            reports.append(PeerReport(endpoint, direction: .outgoing, state: .notSeen, member: member))
        }
        all = reports.sorted {
            ($0.rank, $0.lastSeenSecondsAgo ?? .infinity, $0.endpoint)
                < ($1.rank, $1.lastSeenSecondsAgo ?? .infinity, $1.endpoint)
        }
    }

    private static func place(_ endpoint: PeerEndpoint, _ direction: PeerDirection) -> SwarmHistory.Place {
        SwarmHistory.Place(endpoint, direction)
    }
}

extension PeerReport {
    /// Who is connected comes first.
    fileprivate var rank: Int {
        switch state {
        case .connected: 0
        case .handshaking: 1
        case .dialling: 2
        case .banned: 3
        case .gone: 4
        case .notSeen: 5
        }
    }
}

extension Torrent {
    /// Its peers: connected, being dialled, seen lately, and members that can be dialled and were not seen; in that
    /// order, the latest first. At most 256 of those that are gone are remembered.
    ///
    /// - Throws: `.torrentNotFound`, `.shutDown`.
    public func peerReports() async throws(EngineError) -> [PeerReport] {
        PeerReports(try await facts()).all
    }
}

import TorrentEngine

/// Gathers the evidence from an engine, and from the store that keeps the torrent.
struct EvidenceCollector {
    static let lonePieceLimit = 16

    static func evidence(_ facts: TorrentFacts) -> Evidence {
        var out = Evidence()
        out.interfacesDown = facts.interfacesDown
        out.listenWanted = facts.listen.map(\.description)
        out.listening = facts.listening
        out.listenFailures = facts.listenFailures.map(\.description)
        out.status = facts.status
        out.fault = facts.status.state == .failed ? facts.fault : nil
        out.members = facts.members
        out.peers = PeerReports(facts).all
        out.refusals = refusals(facts)
        out.secondsSinceReceived = facts.history.lastReceived.map { seconds(from: $0, to: facts.time) }
        out.limits = limits(facts)
        out.failedPieces = Array(Set(facts.history.hashFailures.map(\.piece))).sorted()
        let missing = missingPieces(facts)
        out.missingPieces = missing.count
        let lone = missing.filter { piece in
            !facts.peers.contains { $0.isConnected && isSet($0.pieces, piece) }
        }
        out.lonePieceCount = lone.count
        out.lonePieces = lone.prefix(lonePieceLimit).map { lonePiece($0, facts) }
        return out
    }

    /// The last refusal of an address that came after the last handshake of a member: before that, it was not in the way.
    private static func refusals(_ facts: TorrentFacts) -> [RefusedPeer] {
        let lastIn = facts.history.peers.values.compactMap(\.lastConnected).max()
        return facts.refusals.latest.filter { refused in
            guard refused.torrent == nil || refused.torrent == facts.torrent else { return false }
            return lastIn.map { facts.time - refused.sinceLast > $0 } ?? true
        }
    }

    private static func limits(_ facts: TorrentFacts) -> [Evidence.Limit] {
        let all: [(Evidence.Limit.Scope, RateLimits?)] = [
            (.torrent, facts.limits), (.rateClass, facts.classLimits), (.engine, facts.engineLimits),
        ]
        return all.flatMap { scope, limits in
            [
                Evidence.Limit(scope, .download, bytesPerSecond: limits?.download ?? 0),
                Evidence.Limit(scope, .upload, bytesPerSecond: limits?.upload ?? 0),
            ]
        }.filter { $0.bytesPerSecond > 0 }
    }

    private static func missingPieces(_ facts: TorrentFacts) -> [Int] {
        let count = facts.status.pieceCount
        guard facts.status.wantedVerifiedBytes < facts.status.wantedBytes else { return [] }
        guard !facts.chosenFiles.isEmpty else { return (0..<count).filter { !isSet(facts.verified, $0) } }
        let length = max(1, facts.status.pieceLengthBytes)
        var wanted: Set<Int> = []
        var offset: UInt64 = 0
        for file in facts.chosenFiles {
            if file.priority > 0, !file.isPad, file.sizeBytes > 0 {
                wanted.formUnion(Int(offset / length)...Int((offset + file.sizeBytes - 1) / length))
            }
            offset += file.sizeBytes
        }
        return wanted.filter { $0 < count && !isSet(facts.verified, $0) }.sorted()
    }

    private static func lonePiece(_ piece: Int, _ facts: TorrentFacts) -> Evidence.LonePiece {
        let holder = facts.history.holders(of: piece).first
        return Evidence.LonePiece(
            piece,
            lastHolder: holder.map {
                Evidence.LonePiece.Holder(
                    $0.endpoint, identity: $0.member?.peerID,
                    secondsAgo: seconds(from: $0.lastLook ?? $0.lastSeen, to: facts.time))
            })
    }
}

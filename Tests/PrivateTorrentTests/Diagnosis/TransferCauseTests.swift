import Foundation
import Testing
import TorrentEngine

@testable import PrivateTorrent

/// Somebody is connected: each reason provoked with real engines, and bare sockets where an engine would not do it. Red
/// where `CauseFinder.withPeers(_:)` takes another branch.
@Suite(.timeLimit(.minutes(3)))
struct TransferCauseTests {
    /// Red where `pieces` of a peer's snapshot are not read (`clt_peers_pieces`).
    @Test("Nobody has piece n, and who had it last is named")
    func nobodyHasPiece() async throws {
        let fixture = try await DiagnosisFixture()
        let half = [UInt8].allPieces(20) + [0, 0]
        let part = try await fixture.node(
            "127.0.0.1", members: ["127.0.0.2"], content: .pieces(half), in: fixture.scratch.path)
        let holder = try await fixture.seed("127.0.0.3", uploadLimit: 2000)
        let node = try await fixture.fetch(from: [part.endpoint.description, holder.endpoint.description])
        while try await node.torrent.peerReports().first(where: { $0.endpoint == holder.endpoint })?
            .pieceCount
            != 40
        {
            try await Task.sleep(for: .milliseconds(10))
        }
        try await shutdown(holder)
        let answer = try await explanation("nobodyHasPiece") { try await node.torrent.explain() }
        guard case .nobodyHasPiece(let lone) = answer.cause else { return }
        #expect(lone.count >= 1 && lone.count <= 20)
        #expect(lone.pieces.allSatisfy { $0.piece >= 20 && $0.lastHolder?.endpoint == holder.endpoint })
        #expect(lone.pieces.first?.lastHolder?.identity == "peer-\(holder.endpoint)")
        try await shutdown(part, node)
    }

    /// Red where `isChokingUs` is not read, or all choke and it is not said.
    @Test("Choked by all, and by one that lets us ask and sends nothing", arguments: [true, false])
    func silent(isChoking: Bool) async throws {
        let fixture = try await DiagnosisFixture()
        let node = try await fixture.fetch(from: ["127.0.0.3"])
        let bitfield = HeldPeer.bitfield(40)
        let peer = try HeldPeer(
            from: "127.0.0.3", to: node.endpoint, fixture.metainfo.infoHash,
            saying: isChoking ? [bitfield] : [bitfield, HeldPeer.unchoke])
        let answer = try await explanation(isChoking ? "chokedByAll" : "notAnswering") {
            try await node.torrent.explain()
        }
        switch answer.cause {
        case .chokedByAll(let found), .notAnswering(let found):
            #expect(found.peers.map(\.endpoint.address.description) == ["127.0.0.3"])
            #expect(found.peers.first?.isInteresting == true && found.peers.first?.isChokingUs == isChoking)
        default: break
        }
        withExtendedLifetime(peer) {}
        try await shutdown(node)
    }

    /// Red where bans are not kept (`SwarmHistory.ban`).
    @Test("A member that sends corrupt pieces is named")
    func hashFailures() async throws {
        let fixture = try await DiagnosisFixture()
        try fixture.scratch.file("other", bytes: 40 * 16384)
        try FileManager.default.removeItem(atPath: "\(fixture.scratch.path)/in")
        try FileManager.default.moveItem(
            atPath: "\(fixture.scratch.path)/other", toPath: "\(fixture.scratch.path)/in")
        let seed = try await fixture.seed(isHonest: false)
        let node = try await fixture.fetch(from: [seed.endpoint.description])
        let answer = try await explanation("hashFailures") {
            let answer = try await node.torrent.explain()
            // The ban may be told a moment before the piece is.
            guard case .hashFailures(let found) = answer.cause, found.pieces.isEmpty else { return answer }
            return Explanation(.other("no piece yet"))
        }
        guard case .hashFailures(let found) = answer.cause else { return }
        #expect(found.peers.map(\.endpoint) == [seed.endpoint] && !found.pieces.isEmpty)
        #expect(found.peers.first?.state == .banned)
        try await shutdown(seed, node)
    }

    @Test("A member is connected that has no metadata either")
    func metadataMissing() async throws {
        let fixture = try await DiagnosisFixture()
        var nodes: [(engine: Engine, torrent: Torrent)] = []
        for address in ["127.0.0.1", "127.0.0.2"] {
            let engine = try await Swarm.engine(address)
            let rules = ["127.0.0.1", "127.0.0.2"]
            let torrent = try await engine.add(
                fixture.metainfo.infoHash,
                options: AddOptions(
                    saveFolder: fixture.scratch.folder("out-\(address)"),
                    members: DiagnosisFixture.members(rules)))
            try await torrent.start()
            nodes.append((engine, torrent))
        }
        let endpoint = try #require(await nodes[0].engine.listeningEndpoints.first)
        try await nodes[1].torrent.start(dialling: [endpoint])
        let torrent = nodes[1].torrent
        let answer = try await explanation("metadataMissing") { try await torrent.explain() }
        guard case .metadataMissing(let found) = answer.cause else { return }
        #expect(!found.isHeld && found.peers.map(\.endpoint) == [endpoint])
        for node in nodes { try await node.engine.shutdown() }
    }

    enum Bound: CaseIterable, Sendable { case torrent, rateClass, engine, upload }

    /// Red where the flag of the engine (`CLT_PEER_DOWNLOAD_LIMITED`) or the limit that was set is not kept.
    @Test("A rate limit bounds it: which, and how much", arguments: Bound.allCases)
    func rateLimit(_ bound: Bound) async throws {
        let fixture = try await DiagnosisFixture()
        let limit: UInt64 = 20_000
        let seed = try await fixture.seed(uploadLimit: bound == .upload ? UInt32(limit) : 0)
        let node = try await fixture.fetch(
            from: [seed.endpoint.description], downloadLimit: bound == .torrent ? UInt32(limit) : 0,
            dialling: false)
        if bound == .rateClass {
            let rateClass = try #require(RateClass(rawValue: 1))
            try await node.engine.setRateLimits(RateLimits(download: limit), of: rateClass)
            try await node.torrent.setRateClass(rateClass)
        }
        if bound == .engine { try await node.engine.setRateLimits(RateLimits(download: limit)) }
        try await node.torrent.start(dialling: [seed.endpoint])
        let torrent = bound == .upload ? seed.torrent : node.torrent
        let answer = try await explanation("rateLimit") { try await torrent.explain() }
        guard case .rateLimit(let found) = answer.cause else { return }
        let scopes: [Bound: Evidence.Limit.Scope] = [.rateClass: .rateClass, .engine: .engine]
        #expect(found.limit.scope == scopes[bound] ?? .torrent && found.limit.bytesPerSecond == limit)
        #expect(found.limit.direction == (bound == .upload ? .upload : .download))
        try await shutdown(seed, node)
    }

    @Test("Nothing is wrong: it moves, and is seeded once it is whole")
    func nothingWrong() async throws {
        let fixture = try await DiagnosisFixture()
        // The other side's limit is none of ours.
        let seed = try await fixture.seed(uploadLimit: 200_000)
        let node = try await fixture.fetch(from: [seed.endpoint.description])
        var kinds: [Cause.Activity.Kind] = []
        while kinds.last != .seeding {
            try await Task.sleep(for: .milliseconds(20))
            guard case .nothingWrong(let activity) = try await node.torrent.explain().cause else { continue }
            if kinds.last != activity.kind { kinds.append(activity.kind) }
        }
        #expect(kinds.contains(.moving))
        try await shutdown(seed, node)
    }
}

import TorrentEngine

@testable import PrivateTorrent

/// A seed at one loopback address and what a member at another needs to fetch from it.
struct Swarm {
    let seedEngine: Engine
    let created: TorrentCreator.Created
    let torrent: Torrent
    let endpoint: PeerEndpoint

    static func engine(_ address: String) async throws -> Engine {
        try await Engine.start(EngineConfiguration(listen: [ListenAddress(parsing: "\(address):0")]))
    }

    static func seed(
        _ path: String, at address: String = "127.0.0.1", allowing rules: [String] = ["127.0.0.2"],
        pieceLength: Int? = nil
    ) async throws -> Swarm {
        var options = TorrentCreator.Options()
        options.pieceLengthBytes = pieceLength
        let created = try await TorrentCreator(options: options).create(of: path)
        let engine = try await engine(address)
        let members = try rules.map { Member(try AddressRule(parsing: $0), source: .inviteList) }
        let torrent = try await Seeder(engine: engine).seed(
            created.metainfo, in: created.savePath ?? "", members: members, isVerified: true,
            identities: created.identities)
        guard let endpoint = await engine.listeningEndpoints.first else {
            throw EngineError(.internalFailure, "seed", reason: "not listening")
        }
        return Swarm(seedEngine: engine, created: created, torrent: torrent, endpoint: endpoint)
    }

    var members: [Member] {
        get throws { [Member(try AddressRule(endpoint), source: .invite)] }
    }

    var magnet: TorrentReference {
        .magnet(MagnetLink(infoHash: torrent.infoHash, name: created.metainfo.name, peers: [endpoint]))
    }

    func shutdown() async throws { try await seedEngine.shutdown() }
}

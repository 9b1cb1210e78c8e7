import PrivateTorrent
import TorrentEngine

/// The two engines of the demo, and what goes on between them.
struct DemoSwarm: Sendable {
    let addresses: DemoAddresses
    let folder: DemoFolder
    let watchers: ChannelWatchers
    let poison: PoisonedTorrent
    let seed: Engine
    let member: Engine
    let file: Metainfo
    let album: Metainfo

    /// Where the engines listen: the seed, then the member.
    func parties() async throws(EngineError) -> [PeerEndpoint] {
        let (seeds, members) = (await seed.listeningEndpoints, await member.listeningEndpoints)
        guard let seed = seeds.first, let member = members.first else {
            throw EngineError(.internalFailure, "start the demo", reason: "an engine does not listen")
        }
        return [seed, member]
    }

    /// Seeds both torrents, from their poisoned copies, and says where a member may connect for what.
    ///
    /// The member's own door is that of a third torrent, which nobody has: it goes on looking for peers as long as the
    /// demo lasts, so that what it is told of would be dialled.
    func open() async throws(EngineError) -> [GossipingMember.Door] {
        let ends = try await parties()
        let members = [try Self.member(addresses.member), try Self.member(addresses.gossip)]
        for metainfo in [file, album] {
            let poisoned = try Metainfo(bytes: poison.torrent(metainfo))
            _ = try await Seeder(engine: seed).seed(
                poisoned, in: folder.source, members: members, isVerified: true)
        }
        let nowhere = MagnetLink(infoHash: InfoHash(bytes: PeerBytes.random(20)) ?? file.infoHash)
        let invite = try MagnetLink(parsing: poison.invite(nowhere, webSeedName: "nowhere"))
        let bait = try await member.add(
            invite.infoHash, options: AddOptions(saveFolder: folder.copies, members: [members[1]]))
        try await bait.start()
        watchers.watch(for: [file.infoHash, album.infoHash, bait.infoHash])
        return [
            GossipingMember.Door(endpoint: ends[0], infoHash: file.infoHash),
            GossipingMember.Door(endpoint: ends[1], infoHash: bait.infoHash),
        ]
    }

    func gossipingMember() throws(EngineError) -> GossipingMember {
        GossipingMember(
            address: addresses.gossip,
            speeches: [
                .init(message: PeerBytes.pex(naming: [try watchers.endpoint(.pex)])),
                .init(message: PeerBytes.holepunch(naming: try watchers.endpoint(.holepunch))),
            ])
    }

    /// Fetches the file by the poisoned invite and the folder by its poisoned `.torrent`, and compares both.
    func fetch() async throws(EngineError) -> [DemoReport.Copy] {
        let ends = try await parties()
        let link = MagnetLink(
            infoHash: file.infoHash, name: file.name, sizeBytes: file.sizeBytes, peers: [ends[0]])
        let invite = poison.invite(link, webSeedName: file.name)
        let torrentPath = folder.path + "/album.torrent"
        let poisoned = poison.torrent(album)
        try await onThread { () throws(EngineError) in try folder.write(torrentPath, bytes: poisoned) }
        return [
            try await fetch(file, by: invite, "by magnet invite", from: ends[0]),
            try await fetch(album, by: torrentPath, "by .torrent", from: ends[0]),
        ]
    }

    private func fetch(
        _ metainfo: Metainfo, by text: String, _ way: String, from seed: PeerEndpoint
    ) async throws(EngineError) -> DemoReport.Copy {
        let reference = try await onThread { () throws(EngineError) in try TorrentReference(parsing: text) }
        // Not the invite's own list of peers, which is poisoned too: the user says who the members are.
        let members = [
            Member(try AddressRule(seed), source: .inviteList), try Self.member(addresses.gossip),
        ]
        let fetched = try await Fetcher(engine: member).fetch(
            FetchRequest(reference, into: folder.copies, members: members, timeout: .seconds(600)))
        let (name, folder) = (metainfo.name, folder)
        let comparison = try await onThread { () throws(EngineError) in
            TreeComparison.compare(name, in: folder.source, and: folder.copies)
        }
        return DemoReport.Copy(name: name, way: way, result: comparison, elapsed: fetched.elapsed)
    }

    private static func member(_ address: IPAddress) throws(EngineError) -> Member {
        Member(try AddressRule(address), source: .inviteList)
    }
}

extension GossipingMember.Result {
    /// What was offered, by the demo's channels.
    var counts: ChannelCounts {
        var counts = ChannelCounts()
        counts[.pex] = pexOffers
        counts[.holepunch] = holepunchOffers
        return counts
    }
}

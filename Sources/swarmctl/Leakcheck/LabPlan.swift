import PrivateTorrent
import TorrentEngine

/// What the parties of the leak check are to do; handed to their processes as JSON.
struct LabPlan: Codable, Sendable {
    /// One engine, alone in a network namespace.
    struct Party: Codable, Sendable {
        /// A torrent, added as a user of the library would.
        struct Job: Codable, Sendable {
            enum Kind: String, Codable, Sendable { case seed, fetch, wait }
            let kind: Kind
            /// Path of a `.torrent`, or a magnet link.
            let reference: String
            let infoHash: InfoHash
            let folder: String
            /// Rules.
            let members: [String]
        }

        let name: String
        /// With prefix, as `ip` takes them.
        let addresses: [String]
        let gateways: [String]
        let listen: [String]
        let jobs: [Job]
    }

    let parties: [Party]
    /// File and content of the resolver's configuration and the like, shown in place of the system's.
    let mounts: [String: String]
    /// The torrents that strangers and hostile members know, by the listening party.
    let known: [String: InfoHash]

    var infoHashes: [InfoHash] { Array(Set(parties.flatMap { $0.jobs.map(\.infoHash) })) }
}

extension LabPlan {
    /// Makes the content, the poisoned torrents and the invites, in a folder.
    static func make(in folder: DemoFolder, _ addresses: LabAddresses) async throws -> LabPlan {
        try await onThread { () throws(EngineError) in
            try folder.fill(fileSize: 3_000_000)
            try folder.write(folder.source + "/open.bin", bytes: PeerBytes.random(300_000))
            try folder.write(folder.source + "/other.bin", bytes: PeerBytes.random(100_000))
        }
        let poison = PoisonedTorrent(outsiders: try PoisonedTorrent.Outsiders(addresses))
        // One is not even marked private (BEP 27): an engine that is open at all would announce it.
        var unmarked = TorrentCreator.Options()
        unmarked.isPrivate = false
        let file = try await TorrentCreator().create(of: folder.file).metainfo
        let album = try await TorrentCreator().create(of: folder.album).metainfo
        let open = try await TorrentCreator(options: unmarked).create(of: folder.source + "/open.bin")
            .metainfo
        let other = try await TorrentCreator().create(of: folder.source + "/other.bin").metainfo

        let seeds = try addresses.endpoints(.seed, port: LabAddresses.port)
        let members = try addresses.endpoints(.member, port: LabAddresses.port)
        let gossip = addresses[.gossip].map(\.description)
        let others = addresses[.memberOfAnother].map(\.description)
        func rules(_ endpoints: [PeerEndpoint]) -> [String] { endpoints.map(\.description) + gossip }

        var seedJobs: [Party.Job] = []
        for metainfo in [file, album, open] {
            let path = "\(folder.path)/\(metainfo.infoHash).torrent"
            let bytes = poison.torrent(metainfo)
            try await onThread { () throws(EngineError) in try folder.write(path, bytes: bytes) }
            seedJobs.append(
                Party.Job(
                    kind: .seed, reference: path, infoHash: metainfo.infoHash, folder: folder.source,
                    members: rules(members)))
        }
        let otherPath = "\(folder.path)/\(other.infoHash).torrent"
        let otherBytes = poison.torrent(other)
        try await onThread { () throws(EngineError) in try folder.write(otherPath, bytes: otherBytes) }
        seedJobs.append(
            Party.Job(
                kind: .seed, reference: otherPath, infoHash: other.infoHash, folder: folder.source,
                members: others))

        func invite(_ link: MagnetLink, _ name: String) -> String { poison.invite(link, webSeedName: name) }
        // Nobody has this one: its torrent goes on looking for peers, so that whoever it is told of would be dialled.
        let nowhere = InfoHash(bytes: PeerBytes.random(InfoHash.byteCount)) ?? file.infoHash
        let memberJobs = [
            Party.Job(
                kind: .wait, reference: invite(MagnetLink(infoHash: nowhere), "nowhere"), infoHash: nowhere,
                folder: folder.copies, members: gossip),
            Party.Job(
                kind: .wait, reference: invite(MagnetLink(infoHash: other.infoHash), other.name),
                infoHash: other.infoHash, folder: folder.copies, members: others),
            Party.Job(
                kind: .fetch,
                reference: invite(MagnetLink(infoHash: file.infoHash, name: file.name), file.name),
                infoHash: file.infoHash, folder: folder.copies, members: rules([seeds[0]])),
            Party.Job(
                kind: .fetch, reference: seedJobs[1].reference, infoHash: album.infoHash,
                folder: folder.copies, members: rules([seeds[1]])),
            Party.Job(
                kind: .fetch, reference: seedJobs[2].reference, infoHash: open.infoHash,
                folder: folder.copies, members: rules(seeds)),
        ]
        return LabPlan(
            parties: [
                party("seed", .seed, addresses, seedJobs), party("member", .member, addresses, memberJobs),
            ],
            mounts: try await mounts(folder, addresses), known: ["seed": file.infoHash, "member": nowhere])
    }

    private static func party(
        _ name: String, _ host: LabAddresses.Host, _ addresses: LabAddresses, _ jobs: [Party.Job]
    ) -> Party {
        Party(
            name: name, addresses: addresses.withPrefix(host),
            gateways: addresses[.gateway].map(\.description),
            // Everywhere, so that dials may leave from everywhere too.
            listen: ["0.0.0.0:\(LabAddresses.port)", "[::]:\(LabAddresses.port)"],
            jobs: jobs)
    }

    /// The system's own resolver may be a local service, which a packet capture does not see.
    private static func mounts(
        _ folder: DemoFolder, _ addresses: LabAddresses
    ) async throws(EngineError) -> [String: String] {
        let servers = addresses[.resolver].map { "nameserver \($0)\n" }.joined()
        let files = [
            ("/etc/resolv.conf", servers + "options timeout:1 attempts:1\n"),
            ("/etc/nsswitch.conf", "hosts: files dns\n"),
        ]
        return try await onThread { () throws(EngineError) in
            var out: [String: String] = [:]
            for (index, (path, text)) in files.enumerated() {
                let shown = "\(folder.path)/mount.\(index)"
                try folder.write(shown, bytes: Array(text.utf8))
                out[path] = shown
            }
            return out
        }
    }
}

extension PoisonedTorrent.Outsiders {
    /// The hosts of the leak check.
    init(_ addresses: LabAddresses) throws(EngineError) {
        self.init(
            httpTracker: try addresses.endpoints(.httpTracker),
            udpTracker: try addresses.endpoints(.udpTracker),
            webSeed: try addresses.endpoints(.webSeed), httpSeed: try addresses.endpoints(.httpSeed),
            dhtNode: try addresses.endpoints(.dhtNode), magnetPeer: try addresses.endpoints(.magnetPeer))
    }
}

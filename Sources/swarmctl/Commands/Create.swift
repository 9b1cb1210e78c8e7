import ArgumentParser
import PrivateTorrent
import TorrentEngine

/// `swarmctl create`
struct Create: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Make a private torrent of a file or folder.",
        discussion: """
            Prints the info-hash and a magnet link. The same content gives the same .torrent, to the byte. Symbolic \
            links, special files and empty folders cannot be carried: they are left out and named.

              swarmctl create ~/album --output album.torrent

            An output that is there already with other bytes is left as it is (exit 73).
            """)

    @Argument(help: "The file or folder.")
    var path: String

    @Option(help: ArgumentHelp("Where to write the torrent.", valueName: "file.torrent"))
    var output: String

    @OptionGroup var content: ContentOptions
    @OptionGroup var common: CommonOptions

    func run() async throws {
        let file = TorrentFile(path: output)
        try file.checkFolder()
        let created = try await content.create(path, output: common.output)
        try await file.write(created.torrent)
        let magnet = created.magnet()
        common.output.emit(CreatedEvent(created, magnet: magnet, output: output))
        common.output.print(
            """
            \(safe(created.metainfo.name)): \(created.summary)
            info-hash  \(created.metainfo.infoHash)
            magnet     \(magnet)
            written to \(safe(output))
            """)
    }
}

/// How content becomes a torrent.
struct ContentOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "Bytes in a piece: a power of two, 16384 to 16777216.",
            discussion: "Unless given, chosen by size: about 1,000 to 2,000 pieces.", valueName: "bytes"))
    var pieceLength: Int?

    @Option(help: "The name under which it is fetched. (default: that of the path)")
    var name: String?

    @Flag(help: "Leave out what is hidden: names that begin with a dot.")
    var skipHidden = false

    /// Makes the torrent, and says what is left out.
    func create(_ path: String, output: Output) async throws -> TorrentCreator.Created {
        var options = TorrentCreator.Options()
        options.pieceLengthBytes = pieceLength
        options.name = name
        options.skipHidden = skipHidden
        options.createdBy = "PrivateTorrent \(PackageVersion.current)"
        let progress = ProgressView(output)
        let created = try await TorrentCreator(options: options).create(of: path) {
            progress.hashing($0, verb: "hashing")
        }
        for skipped in created.skipped.prefix(20) {
            output.warn("left out \(safe(skipped.path)): \(skipped.reason)")
        }
        if created.skipped.count > 20 { output.warn("left out \(created.skipped.count - 20) more") }
        return created
    }
}

extension TorrentCreator.Created {
    /// The magnet link, with the members' addresses where it is to be an invite.
    func magnet(peers: [PeerEndpoint] = []) -> MagnetLink {
        MagnetLink(
            infoHash: metainfo.infoHash, name: metainfo.name, sizeBytes: metainfo.sizeBytes, peers: peers)
    }

    /// `3 files, 1.5 GiB, 1536 pieces of 1.0 MiB`
    var summary: String { metainfo.summary }
}

extension Metainfo {
    /// `3 files, 1.5 GiB, 1536 pieces of 1.0 MiB`
    var summary: String {
        [
            Units.count(files.count { !$0.isPad }, "file"), Units.size(sizeBytes),
            "\(Units.count(pieceCount, "piece")) of \(Units.size(UInt64(pieceLengthBytes)))",
        ].joined(separator: ", ")
    }
}

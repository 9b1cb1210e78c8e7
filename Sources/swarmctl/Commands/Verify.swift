import ArgumentParser
import NodeControl
import TorrentEngine

/// `swarmctl verify`
struct Verify: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Check every piece of content on disk against its torrent.",
        discussion: """
            Names each bad file with its pieces, and is then exit 65. Changes nothing, and contacts nobody. Without \
            --data a node that runs looks at a torrent of its own.

              swarmctl verify album.torrent --data ~/Downloads
              swarmctl verify album
            """)

    @Argument(
        help: ArgumentHelp(
            "The torrent: a file; without --data, the name, info-hash or its first digits of one that a node has.",
            valueName: "torrent"))
    var torrent: String

    @Option(help: ArgumentHelp("The folder that holds the torrent's file or folder.", valueName: "dir"))
    var data: String?

    @Option(
        help: ArgumentHelp(
            "At most so many bytes a second from the disk: 500k, 20M, 1Mi. (default: as many as it gives)",
            valueName: "rate"))
    var rate: String?

    @OptionGroup var node: NodeOptions
    @OptionGroup var common: CommonOptions

    func run() async throws {
        guard let data else { return try await verifyInNode() }
        guard node.socket == nil else { throw Failure.usage("--socket and --data exclude each other") }
        let pace = HashPace(bytesPerSecond: try LimitOptions.rate(rate, "--rate"))
        let metainfo = try await loadTorrent(torrent)
        // What can be checked without the network is checked, whatever a swarm makes of it.
        try metainfo.checkPrivateMode(tolerating: [.similar, .sslCertificate, .hiddenName])
        let progress = ProgressView(common.output)
        let verifier = PieceVerifier(pace: pace)
        let found = try await verifier.verify(metainfo, in: data) {
            progress.hashing($0, verb: "verifying")
        }
        try report(
            "\(metainfo.name) in \(data)", good: found.verifiedPieceCount, of: metainfo.pieceCount,
            found.badFiles.map { .init(path: $0.path, pieces: $0.pieces, reason: $0.reason.rawValue) },
            remedy: "swarmctl fetch --adopt keeps what is good and fetches the rest")
        common.output.print("ok: \(safe(metainfo.name)), \(metainfo.summary)")
    }

    private func verifyInNode() async throws {
        guard rate == nil else { throw Failure.usage("--rate needs --data") }
        if torrent.hasSuffix(".torrent") || torrent.contains("/") {
            throw Failure.usage("--data is missing: the folder that holds the content of \(safe(torrent))")
        }
        let meant = try TorrentArgument.find(torrent, in: try await node.client.torrents())
        let found = try await node.client.send("POST", "\(meant.route)/verify", as: VerificationReport.self)
        try report(
            "\(meant.title) in \(safe(meant.folder ?? "its folder"))", good: found.verifiedPieces,
            of: found.pieceCount,
            found.badFiles.map { .init(path: $0.path, pieces: $0.pieces, reason: $0.reason) },
            remedy: "swarmctl explain says what the node makes of it")
        common.output.print("ok: \(meant.title), \(Units.count(found.pieceCount, "piece"))")
    }

    private func report(
        _ what: String, good: Int, of pieceCount: Int, _ badFiles: [VerifiedEvent.BadFile], remedy: String
    ) throws {
        let isGood = badFiles.isEmpty && good == pieceCount
        common.output.emit(VerifiedEvent(ok: isGood, badFiles: badFiles))
        for bad in badFiles {
            let pieces = bad.pieces.isEmpty ? "" : ", pieces \(Units.ranges(bad.pieces))"
            common.output.print("\(bad.reason): \(safe(bad.path))\(pieces)")
        }
        guard !isGood else { return }
        throw Failure(
            EngineError.Code.contentMismatch.description, .badData,
            "\(Units.count(badFiles.count, "file")) of \(what) \(badFiles.count == 1 ? "is" : "are") not what the "
                + "torrent says: \(pieceCount - good) of \(pieceCount) pieces are bad",
            remedy: remedy)
    }
}

/// Reads a `.torrent`.
func loadTorrent(_ path: String) async throws(EngineError) -> Metainfo {
    try await blocking("load \(path)") { () throws(EngineError) in try Metainfo(contentsOf: path) }
}

import ArgumentParser
import TorrentEngine

/// `swarmctl verify`
struct Verify: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Check every piece of content on disk against its torrent.",
        discussion: """
            Names each bad file with its pieces, and is then exit 65. Changes nothing, and contacts nobody.

              swarmctl verify album.torrent --data ~/Downloads
            """)

    @Argument(help: ArgumentHelp("The torrent.", valueName: "file.torrent"))
    var torrent: String

    @Option(help: ArgumentHelp("The folder that holds the torrent's file or folder.", valueName: "dir"))
    var data: String

    @Option(
        help: ArgumentHelp(
            "Bytes read from the disk a second. (default: as many as it gives)", valueName: "bytes"))
    var rate: UInt64?

    @OptionGroup var common: CommonOptions

    func run() async throws {
        let output = common.output
        let metainfo = try await loadTorrent(torrent)
        // What can be checked without the network is checked, whatever a swarm makes of it.
        try metainfo.checkPrivateMode(tolerating: [.similar, .sslCertificate, .hiddenName])
        let progress = ProgressView(output)
        let verifier = PieceVerifier(pace: HashPace(bytesPerSecond: rate ?? 0))
        let found = try await verifier.verify(metainfo, in: data) {
            progress.hashing($0, verb: "verifying")
        }
        let isGood = found.badFiles.isEmpty && found.verifiedPieceCount == metainfo.pieceCount
        output.emit(
            VerifiedEvent(
                ok: isGood,
                badFiles: found.badFiles.map {
                    .init(path: $0.path, pieces: $0.pieces, reason: $0.reason.rawValue)
                }))
        for bad in found.badFiles {
            let pieces = bad.pieces.isEmpty ? "" : ", pieces \(Units.ranges(bad.pieces))"
            output.print("\(bad.reason): \(safe(bad.path))\(pieces)")
        }
        guard isGood else {
            throw Failure(
                EngineError.Code.contentMismatch.description, .badData,
                "\(Units.count(found.badFiles.count, "file")) of \(metainfo.name) in \(data) "
                    + "\(found.badFiles.count == 1 ? "is" : "are") not what the torrent says: "
                    + "\(metainfo.pieceCount - found.verifiedPieceCount) of \(metainfo.pieceCount) pieces are bad",
                remedy: "swarmctl fetch --adopt keeps what is good and fetches the rest")
        }
        output.print("ok: \(safe(metainfo.name)), \(metainfo.summary)")
    }
}

/// Reads a `.torrent`.
func loadTorrent(_ path: String) async throws(EngineError) -> Metainfo {
    try await blocking("load \(path)") { () throws(EngineError) in try Metainfo(contentsOf: path) }
}

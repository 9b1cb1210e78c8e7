import PrivateTorrent
import TorrentEngine

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

extension NodeController {
    nonisolated func peers(of infoHash: InfoHash) async throws -> [PeerReport] {
        _ = try await entry(infoHash)
        return try await store.torrent(infoHash)?.peerReports() ?? []
    }

    nonisolated func files(of infoHash: InfoHash) async throws -> [FileEntry] {
        try await running(infoHash, "list the files of").files().map {
            FileEntry(
                path: $0.path, sizeBytes: $0.sizeBytes, verifiedBytes: $0.verifiedBytes,
                priority: $0.priority,
                isPad: $0.isPad)
        }
    }

    nonisolated func pieces(of infoHash: InfoHash) async throws -> PieceMap {
        let torrent = try await running(infoHash, "list the pieces of")
        let bitfield = try await torrent.verifiedPieces()
        return PieceMap(
            pieceCount: try await torrent.status().pieceCount,
            verifiedPieces: bitfield.reduce(0) { $0 + $1.nonzeroBitCount },
            bitfield: Data(bitfield).base64EncodedString())
    }

    /// Dials a member, and says how far that gets.
    nonisolated func ping(_ request: PingRequest, of infoHash: InfoHash) async throws -> PingReport {
        let seconds = request.seconds ?? 15
        guard seconds > 0, seconds <= 60 else {
            throw Problem(400, "badRequest", "seconds is to be more than 0, and at most 60")
        }
        let torrent = try await running(infoHash, "ping a peer of")
        return PingReport(probe: try await torrent.ping(request.endpoint, within: .seconds(seconds)))
    }

    /// Hashes what is on disk, and changes nothing.
    nonisolated func verify(_ infoHash: InfoHash) async throws -> VerificationReport {
        let entry = try await entry(infoHash)
        guard let metainfo = try await store.metainfo(infoHash), let folder = entry.saveFolder else {
            throw EngineError(
                .wrongState, "verify torrent \(infoHash)", reason: "its metadata or its folder is not known",
                remedy: "wait until its metadata is here")
        }
        let found = try await PieceVerifier().verify(metainfo, in: folder)
        return VerificationReport(
            pieceCount: metainfo.pieceCount, verifiedPieces: found.verifiedPieceCount,
            verifiedBytes: found.verifiedBytes,
            badFiles: found.badFiles.prefix(1000).map {
                .init(path: $0.path, reason: $0.reason.rawValue, pieces: Array($0.pieces.prefix(1000)))
            })
    }
}

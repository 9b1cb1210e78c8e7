import PrivateTorrent
import TorrentEngine

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

extension NodeController {
    nonisolated func peers(of infoHash: InfoHash) async throws -> [PeerEntry] {
        _ = try await entry(infoHash)
        return try await store.torrent(infoHash)?.peers().map(PeerEntry.init) ?? []
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

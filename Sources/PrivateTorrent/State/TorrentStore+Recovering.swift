package import TorrentEngine

extension TorrentStore {
    /// Content on disk that was looked at.
    struct Found: Sendable {
        /// The pieces that are there.
        let pieces: [UInt8]
        /// Bytes in those.
        let bytes: UInt64
    }

    /// What is known of a torrent as it stands in the state directory.
    private struct Known: Sendable {
        let metainfo: Metainfo?
        let saved: SavedContent?
        /// The files as they are now; empty where the metadata is not known.
        let identities: [FileIdentity?]
    }

    /// The metadata of a torrent, where the state directory has it, with the names that its files have.
    package func metainfo(_ infoHash: InfoHash) async throws(EngineError) -> Metainfo? {
        try await known(infoHash, in: nil).metainfo
    }

    /// Finds what of a torrent's content is there. What was saved is believed as far as ``ContentRecovery`` says, and the
    /// rest hashed.
    func recover(
        _ metainfo: Metainfo, in folder: String, progress: (@Sendable (HashProgress) -> Void)?
    ) async throws(EngineError) -> Found {
        let known = try await known(metainfo.infoHash, in: folder)
        var pieces = ContentRecovery(
            metainfo: metainfo, saved: known.saved,
            identities: known.identities.isEmpty
                ? metainfo.files.map { _ in nil } : known.identities,
            wasUnclean: report.wasUnclean
        ).trusted
        let unknown = pieces.map { ~$0 }
        let found = try await PieceVerifier().verify(
            metainfo, in: folder, pieces: unknown, progress: progress)
        for index in pieces.indices { pieces[index] |= found.bitfield[index] }
        let length = UInt64(metainfo.pieceLengthBytes)
        let bytes = (0..<metainfo.pieceCount).reduce(UInt64(0)) { $0 + (isSet(pieces, $1) ? length : 0) }
        return Found(pieces: pieces, bytes: min(bytes, metainfo.sizeBytes))
    }

    /// How a torrent that was whole is added: unhashed where every file is the one that it was when that was known, and
    /// hashed piece by piece as it is sent where all that is known is that each has its size.
    ///
    /// - Throws: `.contentMismatch` naming a file that is not there whole.
    func whole(
        _ metainfo: Metainfo, in folder: String
    ) async throws(EngineError) -> (content: AddOptions.Content, identities: [FileIdentity?]) {
        let known = try await known(metainfo.infoHash, in: folder)
        for (index, file) in metainfo.files.enumerated() where !file.isPad {
            guard known.identities[index]?.sizeBytes != file.sizeBytes else { continue }
            throw EngineError(
                .contentMismatch, "take up \(quoted(metainfo.name)) in \(quoted(folder))",
                reason: "\(quoted(file.path)) is not there, or has another size",
                remedy: "put it back, or remove the torrent", path: "\(folder)/\(file.path)")
        }
        let isAsSaved =
            known.saved.map {
                $0.resume.hadPieces == metainfo.pieceCount && $0.identities == known.identities
            } ?? false
        return (isAsSaved ? .complete : .completeVerifiedOnRead, known.identities)
    }

    private func known(_ infoHash: InfoHash, in folder: String?) async throws(EngineError) -> Known {
        let directory = directory
        let names = entry(infoHash).map { folder == nil || $0.saveFolder == folder ? $0.names : [:] } ?? [:]
        let (known, problems) = try await blocking("look at torrent \(infoHash)") {
            () throws(EngineError) in
            var report = StateReport(wasUnclean: false, isRebuilt: false, problems: [])
            guard let given = directory.torrent(infoHash, &report) else {
                return (Known(metainfo: nil, saved: nil, identities: []), report.problems)
            }
            let metainfo = try given.renamingFiles(names)
            guard let folder else {
                return (Known(metainfo: metainfo, saved: nil, identities: []), report.problems)
            }
            var saved = directory.content(of: metainfo, &report)
            if saved?.saveFolder != folder { saved = nil }
            return (
                Known(
                    metainfo: metainfo, saved: saved,
                    identities: try FileSync().sync(metainfo, in: folder, wanted: [])),
                report.problems
            )
        }
        for problem in problems { hub.send(.problem(problem)) }
        return known
    }
}

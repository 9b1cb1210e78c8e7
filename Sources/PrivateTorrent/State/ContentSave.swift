import TorrentEngine

/// One save of what is known of a torrent's content.
///
/// The order is what makes it true whatever happens: the engine says what it has (a piece counts once its blocks are
/// written); then the data of every file that holds more of it than was saved before is made durable; then the claim.
struct ContentSave: Sendable {
    let directory: StateDirectory
    let infoHash: InfoHash
    let saveFolder: String
    /// The paths of files that were renamed.
    var names: [Int: String] = [:]
    /// What was claimed before.
    let savedPieces: [UInt8]?
    let isVerifiedOnRead: Bool

    struct Saved: Sendable {
        let pieces: [UInt8]
        let count: Int
        let isComplete: Bool
    }

    /// - Parameter bytes: The engine's resume data.
    /// - Returns: Nil where nothing was to be saved.
    func run(_ bytes: [UInt8]) async throws(EngineError) -> Saved? {
        try await blocking("save torrent \(infoHash)") { () throws(EngineError) in try save(bytes) }
    }

    private func save(_ bytes: [UInt8]) throws(EngineError) -> Saved? {
        let metainfo = try directory.torrent(infoHash).renamingFiles(names)
        let resume = try ResumeData(parsing: bytes, of: metainfo, limits: directory.limits)
        let isComplete = resume.hadPieces == metainfo.pieceCount
        // What was only looked at in part is no news of a torrent that is whole as far as is known.
        guard isComplete || !isVerifiedOnRead else { return nil }
        let identities = try FileSync().sync(metainfo, in: saveFolder, wanted: filesToSync(metainfo, resume))
        try directory.write(
            SavedContent(saveFolder: saveFolder, identities: identities, resume: resume), bytes)
        return Saved(pieces: resume.pieces, count: resume.hadPieces, isComplete: isComplete)
    }

    /// The files of which more is claimed than before.
    private func filesToSync(_ metainfo: Metainfo, _ resume: ResumeData) -> Set<Int> {
        let former = savedPieces ?? []
        let news = resume.pieces.indices.map { index in
            resume.pieces[index] & ~(index < former.count ? former[index] : 0)
        }
        return Set(
            metainfo.files.indices.filter { index in
                let file = metainfo.files[index]
                return !file.isPad && metainfo.pieces(of: file).contains { isSet(news, $0) }
            })
    }
}

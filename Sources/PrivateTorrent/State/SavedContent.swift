import TorrentEngine

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// What was known of a torrent's content when it was last saved: where it was, who each of its files was, and the
/// engine's resume data.
///
/// In the file `<info-hash>.resume`: one line of JSON, then the resume data in libtorrent's format.
struct SavedContent: Sendable {
    /// The version that is written.
    static let schemaVersion = 1
    /// Bytes that the file may have.
    static let maximumBytes = 256 << 20

    /// The folder that held the torrent's top-level file or folder.
    let saveFolder: String
    /// Each file of the torrent once what `resume` claims of it was on the disk; nil for one that was not there, and for
    /// pad files.
    let identities: [FileIdentity?]
    /// What the engine said.
    let resume: ResumeData

    private struct Header: Codable {
        let checksum: String
        let files: [FileIdentity?]
        let infoHash: InfoHash
        let saveFolder: String
        let schemaVersion: Int
    }

    init(saveFolder: String, identities: [FileIdentity?], resume: ResumeData) {
        self.saveFolder = saveFolder
        self.identities = identities
        self.resume = resume
    }

    /// The file of that content.
    ///
    /// - Parameter bytes: What `resume` was read from.
    func encoded(_ bytes: [UInt8]) throws(EngineError) -> [UInt8] {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        let header = Header(
            checksum: StateChecksum.unset, files: identities, infoHash: resume.infoHash,
            saveFolder: saveFolder, schemaVersion: Self.schemaVersion)
        do {
            return StateChecksum.seal(Array(try encoder.encode(header)) + [UInt8(ascii: "\n")] + bytes)
        } catch {
            throw EngineError(
                .internalFailure, "write resume data", reason: "it has no form in JSON: \(error)")
        }
    }

    /// Reads a file as anybody may have written it.
    ///
    /// - Throws: `.malformed`, `.contentMismatch` for that of another torrent, `.unsupported` for a newer version.
    init(parsing file: [UInt8], of metainfo: Metainfo, limits: MetainfoLimits) throws(EngineError) {
        let operation = "read the resume data of torrent \(metainfo.infoHash)"
        guard StateChecksum.fits(file), let end = file.firstIndex(of: UInt8(ascii: "\n")) else {
            throw EngineError(.malformed, operation, reason: "its checksum does not fit")
        }
        let header: Header
        do {
            header = try JSONDecoder().decode(Header.self, from: Data(file[..<end]))
        } catch {
            throw EngineError(.malformed, operation, reason: "its first line is not what it must be")
        }
        guard header.schemaVersion == Self.schemaVersion else {
            throw EngineError(
                .unsupported, operation, reason: "it is of version \(header.schemaVersion)")
        }
        guard header.infoHash == metainfo.infoHash else {
            throw EngineError(.contentMismatch, operation, reason: "it belongs to another torrent")
        }
        guard header.files.count == metainfo.files.count else {
            throw EngineError(.malformed, operation, reason: "it has another number of files")
        }
        try StoredEntry.check(header.saveFolder)
        saveFolder = header.saveFolder
        identities = header.files
        resume = try ResumeData(parsing: Array(file[(end + 1)...]), of: metainfo, limits: limits)
    }
}

import Foundation
import NodeInterface
import TorrentEngine

@testable import PrivateTorrent

/// A torrent of 200,000 bytes, and a state directory that can have it.
struct StateFixture {
    let path: String
    let created: TorrentCreator.Created
    let members: [Member]
    let entry: TorrentEntry
    /// What the engine saves of it once it is whole.
    let blob: [UInt8]

    init(_ scratch: Scratch, name: String = "in") async throws {
        path = "\(scratch.path)/state"
        try scratch.file("\(name)/a", bytes: 100_000)
        try scratch.file("\(name)/b", bytes: 100_000)
        var options = TorrentCreator.Options()
        options.pieceLengthBytes = 16384
        created = try await TorrentCreator(options: options).create(of: "\(scratch.path)/\(name)")
        members = [
            Member(try AddressRule(parsing: "10.1.0.0/16"), source: .inviteList),
            Member(try AddressRule(parsing: "[fd00::7]:6881"), source: .overlay, peerID: "seven"),
        ]
        entry = TorrentEntry(
            created.metainfo.infoHash, role: .seed, saveFolder: created.savePath, members: members,
            addedTime: UnixTime(milliseconds: 1_700_000_000_000))
        let engine = try await Engine.start(EngineConfiguration())
        let torrent = try await engine.add(
            created.metainfo, options: AddOptions(saveFolder: created.savePath ?? "", content: .complete))
        try await torrent.start()
        try await torrent.waitUntilChecked()
        blob = try await torrent.resumeData()
        try await engine.shutdown()
    }

    var resume: ResumeData {
        get throws { try ResumeData(parsing: blob, of: created.metainfo) }
    }

    /// Writes the files of a run that ended as it should.
    func write(_ entries: [TorrentEntry], with fixtures: [StateFixture]? = nil) async throws {
        let directory = try StateDirectory.open(path).directory
        for fixture in fixtures ?? [self] {
            try directory.write(fixture.created.metainfo)
            try directory.write(
                SavedContent(
                    saveFolder: fixture.created.savePath ?? "", identities: fixture.created.identities,
                    resume: fixture.resume),
                fixture.blob)
        }
        var index = StateIndex()
        for entry in entries { index.entries[entry.infoHash] = entry }
        try directory.write(index)
        try directory.markClean()
    }
}

/// The code of what `body` throws.
func code(_ body: () throws -> some Any) -> EngineError.Code? {
    do {
        _ = try body()
        return nil
    } catch {
        return (error as? EngineError)?.code
    }
}

@discardableResult
func overwrite(_ path: String, with source: String) throws -> String {
    try Data(contentsOf: URL(filePath: source)).write(to: URL(filePath: path))
    return path
}

/// A text whose checksum fits again.
func resealed(_ text: [UInt8]) -> [UInt8] {
    guard let key = String(decoding: text, as: UTF8.self).range(of: "\"checksum\":\"") else { return text }
    let start = String(decoding: text, as: UTF8.self)[..<key.upperBound].utf8.count
    guard start + 16 <= text.count else { return text }
    var out = text
    out.replaceSubrange(start..<start + 16, with: StateChecksum.unset.utf8)
    return StateChecksum.seal(out)
}

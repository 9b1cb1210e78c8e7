import Foundation
import NodeInterface
import PrivateTorrentTesting
import Testing
import TorrentEngine

@testable import PrivateTorrent

@Suite(.timeLimit(.minutes(2)))
struct StateDirectoryTests {
    @Test("What was written is what is read after a restart, every field of it")
    func roundTrip() async throws {
        let scratch = try Scratch()
        let fixture = try await StateFixture(scratch)
        var entry = fixture.entry
        entry.job = TorrentEntry.Job(id: "job \"1\"", holders: ["": fixture.members, "ü": []])
        entry.uploadLimit = 5
        entry.downloadLimit = .max
        entry.filePriorities = [0, 7]
        entry.isSequential = true
        entry.isStarted = false
        entry.messages = MessageChannel(peerID: "node-1")
        entry.retention.isPinned = true
        entry.retention.expiry = UnixTime(milliseconds: 5_000_000_000_000)
        entry.retention.idleLimit = .seconds(60)
        entry.sizeBytes = 200_000
        entry.displayName = "ein \"Name\"\n"
        try await fixture.write([entry])

        let opened = try StateDirectory.open(fixture.path)
        #expect(opened.index.entries == [entry.infoHash: entry])
        #expect(opened.report == StateReport(wasUnclean: false, isRebuilt: false, problems: []))
        var report = opened.report
        let metainfo = try #require(opened.directory.torrent(entry.infoHash, &report))
        #expect(metainfo.sanitisedTorrent == fixture.created.metainfo.sanitisedTorrent)
        let content = try #require(opened.directory.content(of: metainfo, &report))
        #expect(content.identities == fixture.created.identities)
        #expect(content.saveFolder == fixture.created.savePath)
        #expect(try content.resume == fixture.resume)
        #expect(report.problems.isEmpty)
    }

    @Test("A second process is told who the first one is; once that is gone, the directory is free")
    func lock() throws {
        let scratch = try Scratch()
        var first: StateDirectory.Opened? = try StateDirectory.open("\(scratch.path)/state")
        #expect {
            try StateDirectory.open("\(scratch.path)/state")
        } throws: { error in
            guard let error = error as? EngineError else { return false }
            return error.code == .inUse && error.reason.contains("\(getpid())")
        }
        #expect(first != nil)
        let copies = CopiedDescriptors(of: "\(scratch.path)/state/lock")
        #expect(copies.count == 1)
        first = nil
        _ = try StateDirectory.open("\(scratch.path)/state")
        withExtendedLifetime(copies) {}
    }

    @Test("A fetch whose record is let go is free, though a program that is being started has a copy")
    func heldRecord() throws {
        let scratch = try Scratch()
        let record = FetchRecord(folder: scratch.path, name: "x")
        try FileManager.default.createDirectory(atPath: record.path, withIntermediateDirectories: true)
        var hold: FetchHold? = try record.hold()
        #expect(throws: EngineError.self) { try record.hold() }
        let copies = CopiedDescriptors(of: record.path)
        #expect(copies.count == 1 && hold != nil)
        hold = nil
        _ = try record.hold()
        withExtendedLifetime(copies) {}
    }

    @Test("An end without markClean is told at the next start, and only then")
    func unclean() throws {
        let scratch = try Scratch()
        let path = "\(scratch.path)/state"
        #expect(try !StateDirectory.open(path).report.wasUnclean)
        let opened = try StateDirectory.open(path)
        #expect(opened.report.wasUnclean)
        try opened.directory.markClean()
    }

    @Test(
        "It is nobody else's: mode 0700, and what others may read is refused, and so is a folder of other files"
    )
    func access() throws {
        let scratch = try Scratch()
        let path = "\(scratch.path)/a/b"
        _ = try StateDirectory.open(path)
        #expect(try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int == 0o700)
        chmod(path, 0o750)
        #expect(code { try StateDirectory.open(path) } == .permissionDenied)

        let other = try scratch.folder("other")
        chmod(other, 0o700)
        try scratch.file("other/mine", bytes: 1)
        #expect(code { try StateDirectory.open(other) } == .fileExists)
        #expect(scratch.tree("other") == ["mine"])
    }

    @Test(
        "A pair whose info-hashes differ, a broken blob and a broken torrent each cost only themselves, and are kept"
    )
    func quarantine() async throws {
        let scratch = try Scratch()
        let fixture = try await StateFixture(scratch)
        let other = try await StateFixture(scratch, name: "other")
        try await fixture.write([fixture.entry, other.entry], with: [fixture, other])
        let folder = "\(fixture.path)/torrents"
        let (hash, otherHash) = (fixture.entry.infoHash, other.entry.infoHash)

        // The blob of another torrent.
        try overwrite("\(folder)/\(hash).resume", with: "\(folder)/\(otherHash).resume")
        do {
            let opened = try StateDirectory.open(fixture.path)
            var report = opened.report
            let metainfo = try #require(opened.directory.torrent(hash, &report))
            #expect(opened.directory.content(of: metainfo, &report) == nil)
            #expect(opened.directory.content(of: other.created.metainfo, &report) != nil)
            #expect(report.problems.map(\.infoHash) == [hash])
            let kept = "\(opened.directory.path)/quarantine/\(hash).resume.1"
            #expect(report.problems.first?.quarantined == kept)
            #expect(FileManager.default.fileExists(atPath: kept))
        }

        // The torrent of another torrent; and a link to a good one in the place of the other.
        let outside = try overwrite("\(scratch.path)/x", with: "\(folder)/\(otherHash).torrent")
        try overwrite("\(folder)/\(hash).torrent", with: outside)
        try FileManager.default.removeItem(atPath: "\(folder)/\(otherHash).torrent")
        try FileManager.default.createSymbolicLink(
            atPath: "\(folder)/\(otherHash).torrent", withDestinationPath: outside)
        let opened = try StateDirectory.open(fixture.path)
        var report = opened.report
        #expect(opened.directory.torrent(hash, &report) == nil)
        #expect(opened.directory.torrent(otherHash, &report) == nil)
        #expect(report.problems.map(\.infoHash) == [hash, otherHash])
        #expect(report.problems.allSatisfy { $0.quarantined != nil })
        #expect(FileManager.default.fileExists(atPath: outside))
        #expect(opened.index.entries.count == 2)
    }

    @Test("A lost index is made anew: every torrent is there, nobody is a member, nothing runs")
    func rebuilt() async throws {
        let scratch = try Scratch()
        let fixture = try await StateFixture(scratch)
        try await fixture.write([fixture.entry])
        try FileManager.default.removeItem(atPath: "\(fixture.path)/index.json")
        let opened = try StateDirectory.open(fixture.path)
        let entry = try #require(opened.index.entries[fixture.entry.infoHash])
        #expect(opened.report.isRebuilt)
        #expect(entry.members.isEmpty && !entry.isStarted && entry.role == .unknown)
        #expect(entry.saveFolder == fixture.created.savePath)
        #expect(entry.isComplete)
    }

    @Test("An index of a newer version is left as it is")
    func newer() async throws {
        let scratch = try Scratch()
        let fixture = try await StateFixture(scratch)
        try await fixture.write([fixture.entry])
        let file = "\(fixture.path)/index.json"
        var text = try String(contentsOfFile: file, encoding: .utf8)
        let version = StateIndex.schemaVersion
        text.replace("\"schemaVersion\":\(version)", with: "\"schemaVersion\":\(version + 1)")
        let sealed = resealed(Array(text.utf8))
        try Data(sealed).write(to: URL(filePath: file))
        #expect(code { try StateDirectory.open(fixture.path) } == .unsupported)
        #expect(try Array(Data(contentsOf: URL(filePath: file))) == sealed)
    }
}

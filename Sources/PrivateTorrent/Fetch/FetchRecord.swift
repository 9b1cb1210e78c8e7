import TorrentEngine

#if canImport(Glibc)
    import Glibc
#endif

/// The record of a fetch in progress: `DIR/.<name>.fetch/`, which says that what stands at `DIR/<name>` is ours to
/// continue. Written before the first byte of content, removed after the last: where files are left out, it stays.
///
/// It holds the metadata, which files anybody has wanted so far, and what is on disk of the others (`rest/`): nothing
/// that a crash could make untrue. A fetch is continued by hashing what is on disk, never by trusting a bitfield. All
/// calls block.
struct FetchRecord: Sendable {
    let folder: String
    let name: String
    private static let metadataFile = "metadata.torrent"
    private static let wantedFile = "wanted"
    /// What is on disk of files that nobody wants, at their paths.
    static let restFolder = "rest"
    private static let suffix = ".fetch"

    /// A long name is cut: a file name has at most 255 bytes.
    static func fileName(for name: String) -> String {
        var short = name
        while short.utf8.count + suffix.utf8.count + 1 > 255 { short.removeLast() }
        return ".\(short)\(suffix)"
    }

    var path: String { "\(folder)/\(Self.fileName(for: name))" }

    /// The metadata of the fetch that left a record under this name.
    func metainfo() throws(EngineError) -> Metainfo? {
        guard FileSystem.kind(of: path) != nil else { return nil }
        try FileSystem.requireFolder(path, operation: "continue the fetch of \(quoted(name))")
        let file = "\(path)/\(Self.metadataFile)"
        guard FileSystem.kind(of: file) == .file else { return nil }
        return try Metainfo(contentsOf: file)
    }

    /// The unfinished fetch of that torrent, whatever its name.
    static func find(_ infoHash: InfoHash, in folder: String) -> Metainfo? {
        for entry in FileSystem.entries(of: folder) where entry.hasPrefix(".") && entry.hasSuffix(suffix) {
            let name = String(entry.dropFirst().dropLast(suffix.count))
            guard let metainfo = try? FetchRecord(folder: folder, name: name).metainfo(),
                metainfo.infoHash == infoHash, fileName(for: metainfo.name) == entry
            else { continue }
            return metainfo
        }
        return nil
    }

    /// Makes the record's folder and holds it: while the hold lives, no other fetch writes there, in whatever process.
    func hold() throws(EngineError) -> FetchHold {
        let operation = "fetch \(quoted(name)) into \(quoted(folder))"
        try FileSystem.makeFolder(path, mode: 0o700, operation: operation)
        guard let hold = FetchHold(path) else {
            throw EngineError(
                .fileExists, operation, reason: "another fetch is writing there",
                remedy: "wait for it to end, or fetch into another folder", path: path)
        }
        return hold
    }

    func write(_ metainfo: Metainfo) throws(EngineError) {
        let operation = "write the record of the fetch of \(quoted(name))"
        try FileSystem.writeAtomically(
            metainfo.sanitisedTorrent, to: "\(path)/\(Self.metadataFile)", operation)
        try FileSystem.synchronise(folder, operation)
    }

    /// The indices of the files that were wanted so far; nil: all of them.
    func wanted() -> Set<Int>? {
        guard FileSystem.kind(of: "\(path)/\(Self.wantedFile)") == .file,
            let bytes = try? FileSystem.read("\(path)/\(Self.wantedFile)", limit: 1 << 20)
        else { return nil }
        return Set(String(decoding: bytes, as: UTF8.self).split(separator: "\n").compactMap { Int($0) })
    }

    /// - Parameter indices: Nil for all files.
    func write(wanted indices: Set<Int>?) throws(EngineError) {
        let file = "\(path)/\(Self.wantedFile)"
        guard let indices else {
            unlink(file)
            return
        }
        let text = indices.sorted().map(String.init).joined(separator: "\n")
        try FileSystem.writeAtomically(
            Array(text.utf8), to: file, "write the record of the fetch of \(quoted(name))")
    }

    func remove() {
        FileSystem.removeTree("\(path)/\(Self.restFolder)")
        unlink("\(path)/\(Self.wantedFile)")
        unlink("\(path)/\(Self.metadataFile)")
        rmdir(path)
    }
}

/// A lock on a record's folder, from `FetchRecord.hold()` until the last reference goes.
final class FetchHold: Sendable {
    private let descriptor: Int32

    fileprivate init?(_ path: String) {
        descriptor = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
        guard descriptor >= 0 else { return nil }
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
            close(descriptor)
            return nil
        }
    }

    deinit {
        guard descriptor >= 0 else { return }
        // Said, and not left to the close: a program that is being started has the descriptor too, for a moment.
        _ = flock(descriptor, LOCK_UN)
        close(descriptor)
    }
}

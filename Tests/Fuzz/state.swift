// Any bytes as a file of the state directory: an index, or resume data of a small torrent, as they are and with the
// checksum made to fit. What is accepted keeps its bounds, and is the same when it is written and read again.
// Forty times 'H' stands for the torrent's info-hash in hexadecimal, twenty times for its bytes.
import Foundation
import NodeInterface
import TorrentEngine

private func expect(_ condition: Bool) {
    // Not a precondition: it must end the run where they are left out, too.
    if !condition { abort() }
}

private enum StateFile {
    case index
    case resume(Metainfo)
}

private let torrents: [Metainfo] = [torrent(fileSizes: [5]), torrent(fileSizes: [33_000, 0, 20_000, 9])]

/// One input: a byte that says which file it is, and whether its checksum is made to fit, then the file.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzState(_ data: UnsafePointer<UInt8>?, _ size: Int) -> CInt {
    guard let data, size > 0 else { return 0 }
    let bytes = Array(UnsafeBufferPointer(start: data + 1, count: size - 1))
    let isSealed = data[0] & 1 == 1
    let file: StateFile =
        switch data[0] >> 1 & 3 {
        case 0, 3: .index
        case let number: .resume(torrents[Int(number) - 1])
        }
    switch file {
    case .index: check(index: isSealed ? sealed(bytes) : bytes)
    case .resume(let metainfo):
        let named = replace("H", with: metainfo.infoHash, in: bytes)
        check(resume: isSealed ? sealed(named) : named, of: metainfo)
    }
    return 0
}

// MARK: - The index

private func check(index text: [UInt8]) {
    let index: StateIndex
    do {
        index = try StateIndex(parsing: text)
    } catch {
        expect([.malformed, .unsupported, .invalidArgument].contains(error.code))
        return
    }
    let version = schemaVersion(of: text)
    expect(version == 1 || version == 2)
    for (infoHash, entry) in index.entries {
        expect(infoHash == entry.infoHash)
        if let folder = entry.saveFolder { check(folder: folder) }
        expect(entry.filePriorities.allSatisfy { $0 <= 7 })
        for (file, path) in entry.names { check(file: file, path: path) }
        if let renaming = entry.renaming {
            check(file: renaming.file, path: renaming.from)
            check(file: renaming.file, path: renaming.to)
        }
        // What fits no torrent is refused, what fits one keeps its place.
        for torrent in torrents {
            guard let named = try? torrent.renamingFiles(entry.names) else { continue }
            expect(named.infoHash == torrent.infoHash && named.files.count == torrent.files.count)
            let paths = named.files.map { Array($0.path.utf8) }
            expect(paths.allSatisfy { $0.starts(with: Array("\(torrent.name)/".utf8)) })
            expect(Set(paths).count == paths.count)
        }
        expect(entry.retention.idleLimit.map { $0 >= .zero } ?? true)
        if let name = entry.messages?.peerID { expect(1...64 ~= name.utf8.count) }
        for member in entry.members + (entry.job?.holders.values.joined().map { $0 } ?? []) {
            expect(member.peerID.map { 1...64 ~= $0.utf8.count } ?? true)
            expect((try? AddressRule(parsing: "\(member.rule)", allowAny: true)) == member.rule)
        }
    }
    guard let written = try? index.encoded(), let again = try? StateIndex(parsing: written) else { abort() }
    expect(again.entries == index.entries && again.removed == index.removed)
    expect(schemaVersion(of: written) == StateIndex.schemaVersion)
}

private func schemaVersion(of text: [UInt8]) -> Int? {
    struct Version: Decodable {
        let schemaVersion: Int
    }
    return (try? JSONDecoder().decode(Version.self, from: Data(text)))?.schemaVersion
}

private func check(file: Int, path: String) {
    expect(file >= 0 && path.utf8.count < 4096 && !path.utf8.contains(0))
    let components = path.utf8.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
    expect(
        components.allSatisfy { !$0.isEmpty && !$0.elementsEqual(".".utf8) && !$0.elementsEqual("..".utf8) })
}

private func check(folder: String) {
    expect(folder.utf8.first == UInt8(ascii: "/") && folder.utf8.count < 4096)
    expect(!folder.utf8.contains(0) && !folder.split(separator: "/").contains(".."))
}

// MARK: - Resume data

private func check(resume file: [UInt8], of metainfo: Metainfo) {
    let content: SavedContent
    do {
        content = try SavedContent(parsing: file, of: metainfo, limits: .standard)
    } catch {
        expect([.malformed, .unsupported, .contentMismatch, .limitExceeded].contains(error.code))
        return
    }
    check(folder: content.saveFolder)
    expect(content.identities.count == metainfo.files.count)
    let resume = content.resume
    expect(resume.infoHash == metainfo.infoHash && resume.pieces.count == (metainfo.pieceCount + 7) / 8)
    expect(resume.filePriorities.count == metainfo.files.count)
    expect(resume.filePriorities.allSatisfy { $0 <= 7 })
    let had = (0..<metainfo.pieceCount).filter { isSet(resume.pieces, $0) }.count
    expect(had == resume.hadPieces && had == resume.pieces.reduce(0) { $0 + $1.nonzeroBitCount })
    // Whoever was saved is believed, or not, without a crash.
    for wasUnclean in [false, true] {
        let trusted = ContentRecovery(
            metainfo: metainfo, saved: content, identities: content.identities, wasUnclean: wasUnclean
        ).trusted
        expect(trusted.count == resume.pieces.count)
        for index in trusted.indices { expect(trusted[index] & ~resume.pieces[index] == 0) }
    }
    guard let end = file.firstIndex(of: UInt8(ascii: "\n")),
        let written = try? content.encoded(Array(file[(end + 1)...])),
        let again = try? SavedContent(parsing: written, of: metainfo, limits: .standard)
    else { abort() }
    expect(again.saveFolder == content.saveFolder && again.identities == content.identities)
    expect(again.resume == resume)
}

// MARK: - Inputs

/// The text with a checksum that fits, where it has a place for one.
private func sealed(_ text: [UInt8]) -> [UInt8] {
    guard let key = Data(text).range(of: Data("\"checksum\":\"".utf8)), key.upperBound + 16 <= text.count
    else { return text }
    var out = text
    out.replaceSubrange(key.upperBound..<key.upperBound + 16, with: StateChecksum.unset.utf8)
    return StateChecksum.seal(out)
}

private func replace(_ letter: String, with infoHash: InfoHash, in bytes: [UInt8]) -> [UInt8] {
    let placeholder = Data(String(repeating: letter, count: 20).utf8)
    var out = Data(bytes)
    while let place = out.range(of: placeholder + placeholder) {
        out.replaceSubrange(place, with: Data("\(infoHash)".utf8))
    }
    while let place = out.range(of: placeholder) { out.replaceSubrange(place, with: infoHash.bytes) }
    return Array(out)
}

/// A torrent with pieces of 16 KiB.
private func torrent(fileSizes: [Int]) -> Metainfo {
    let pieces = (fileSizes.reduce(0, +) + 16383) / 16384
    let files = fileSizes.enumerated().map { "d6:lengthi\($1)e4:pathl1:\($0)ee" }.joined()
    let hashes = String(repeating: "x", count: 20 * pieces)
    let layout = "5:filesl\(files)e4:name1:T12:piece lengthi16384e"
    let info = "d\(layout)6:pieces\(hashes.count):\(hashes)7:privatei1ee"
    guard let metainfo = try? Metainfo(bytes: Array("d4:info\(info)e".utf8)) else { abort() }
    return metainfo
}

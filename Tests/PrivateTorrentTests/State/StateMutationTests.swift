import Foundation
import NodeInterface
import PrivateTorrentTesting
import Testing
import TorrentEngine

@testable import PrivateTorrent

/// Seeded: the same mutations in every run.
@Suite(.timeLimit(.minutes(5)))
struct StateMutationTests {
    @Test("A damaged index is refused, whatever the damage: nobody becomes a member")
    func damaged() async throws {
        let scratch = try Scratch()
        let entry = try await StateFixture(scratch).fullEntry
        var index = StateIndex()
        index.entries[entry.infoHash] = entry
        let text = try index.encoded()
        #expect(try StateIndex(parsing: text).entries == index.entries)
        var mutator = Mutator(seed: 1)
        for _ in 0..<20_000 {
            let mutated = mutator.mutate(text)
            guard mutated != text, let read = try? StateIndex(parsing: mutated) else { continue }
            #expect(read.entries == index.entries, "\(String(decoding: mutated, as: UTF8.self))")
        }
    }

    @Test(
        "An index that is damaged and sealed again is read as what it says or not at all; its paths stay in bounds"
    )
    func sealedAgain() async throws {
        let scratch = try Scratch()
        let entry = try await StateFixture(scratch).fullEntry
        var index = StateIndex()
        index.entries[entry.infoHash] = entry
        let text = try index.encoded()
        var mutator = Mutator(seed: 2)
        var accepted = 0
        for _ in 0..<20_000 {
            let mutated = resealed(mutator.mutate(text))
            guard let read = try? StateIndex(parsing: mutated) else { continue }
            accepted += 1
            for entry in read.entries.values {
                let path = entry.saveFolder ?? "/"
                #expect(path.hasPrefix("/") && !path.split(separator: "/").contains(".."))
                #expect(entry.filePriorities.allSatisfy { $0 <= 7 })
                for member in entry.members {
                    #expect(try AddressRule(parsing: "\(member.rule)", allowAny: true) == member.rule)
                }
            }
            // What is read can be written, and is the same again.
            #expect(try StateIndex(parsing: read.encoded()).entries == read.entries)
        }
        // A mutator that breaks everything would show nothing.
        #expect(accepted > 100)
    }

    @Test("Nesting without end, and numbers without bounds, are refused and no crash")
    func extremes() throws {
        let blank = "{\"checksum\":\"\(StateChecksum.unset)\",\"schemaVersion\":2,\"torrents\":"
        for body in [
            String(repeating: "[", count: 200_000), String(repeating: "{\"a\":", count: 100_000),
            "[{\"infoHash\":1e999}]}", "1}", "null}", "[]", "",
        ] {
            #expect(throws: EngineError.self) {
                try StateIndex(parsing: StateChecksum.seal(Array((blank + body).utf8)))
            }
        }
    }

    @Test("A damaged blob is refused; one that is sealed again claims nothing that does not fit the torrent")
    func blob() async throws {
        let scratch = try Scratch()
        let fixture = try await StateFixture(scratch)
        let metainfo = fixture.created.metainfo
        let file = try SavedContent(
            saveFolder: "/x", identities: fixture.created.identities, resume: fixture.resume
        ).encoded(fixture.blob)
        var mutator = Mutator(seed: 3)
        for round in 0..<10_000 {
            let mutated = mutator.mutate(file)
            let isSealed = round % 2 == 1
            guard mutated != file,
                let read = try? SavedContent(
                    parsing: isSealed ? resealed(mutated) : mutated, of: metainfo, limits: .standard)
            else { continue }
            #expect(isSealed)
            #expect(read.resume.pieces.count == (metainfo.pieceCount + 7) / 8)
            #expect(read.identities.count == metainfo.files.count)
            #expect(read.saveFolder.hasPrefix("/"))
        }
    }
}

extension StateFixture {
    /// An entry that has something in every field.
    var fullEntry: TorrentEntry {
        var entry = entry
        entry.job = TorrentEntry.Job(id: "job", holders: ["a": members, "": []])
        entry.uploadLimit = 1000
        entry.filePriorities = [1, 4]
        entry.messages = MessageChannel(peerID: "node")
        entry.retention.expiry = UnixTime(milliseconds: 1_800_000_000_000)
        return entry
    }
}

/// Changes a text in a few places: bytes, digits, ranges that go, come twice or change places.
struct Mutator {
    private var generator: SplitMix

    init(seed: UInt64) { generator = SplitMix(seed: seed) }

    mutating func mutate(_ text: [UInt8]) -> [UInt8] {
        var out = text
        for _ in 0..<Int.random(in: 1...3, using: &generator) where out.count > 1 {
            let at = Int.random(in: 0..<out.count, using: &generator)
            let end = min(out.count, at + Int.random(in: 1...40, using: &generator))
            switch Int.random(in: 0..<7, using: &generator) {
            case 0: out[at] ^= 1 << UInt8.random(in: 0..<8, using: &generator)
            case 1: out[at] = UInt8.random(in: 0...255, using: &generator)
            case 2: out[at] = Array("0123456789\"{}[],:-.e/".utf8).randomElement(using: &generator) ?? 0
            case 3: out.removeSubrange(at..<end)
            case 4: out.insert(contentsOf: out[at..<end], at: at)
            case 5: out = Array(out[..<at])
            default:
                let other = Int.random(in: 0..<out.count, using: &generator)
                out.swapAt(at, other)
            }
        }
        return out
    }
}

import Testing
import TorrentEngine

@Suite struct NameCleaningTests {
    private func paths(_ name: String, _ paths: [[String]]) throws -> [String] {
        try Metainfo(bytes: Bencoded.torrent(name, paths)).files.map(\.path)
    }

    @Test(
        arguments: [
            (["..", "..", "etc", "passwd"], "T/etc/passwd"), (["/etc/passwd"], "T/etcpasswd"), (["."], "T/_"),
            (["..."], "T/_"), ([".. ", "x"], "T/_/x"), ([" ..", "x"], "T/_/x"), ([". . .", "x"], "T/_/x"),
            ([" "], "T/_"), ([""], "T/_"), (["a\u{0}b"], "T/ab"), (["a\u{1b}[31mb"], "T/a_[31mb"),
            (["a\u{202e}b"], "T/ab"), (["a\u{2066}b"], "T/a_b"), (["a\u{85}b"], "T/a_b"),
            (["a\u{7f}b"], "T/a_b"),
            (["\u{a0}\u{200b}"], "T/_"), (["a\\b"], "T/ab"), (["~"], "T/~"), (["-rf"], "T/-rf"),
            ([".hidden"], "T/.hidden"), (["ends. "], "T/ends. "), (["Ünï", "日本"], "T/Ünï/日本"),
            // The engine by itself names these files ".." and ".".
            (["a..", ".."], "T/a.."), (["a.", "."], "T/a."),
        ] as [([String], String)])
    func components(_ path: [String], _ cleaned: String) throws {
        let result = try paths("T", [path])
        if path.last == ".." || path.last == "." && path.count > 1 {
            #expect(result.first?.hasPrefix("T/") == true)
            #expect(result.first?.split(separator: "/").contains { $0 == ".." || $0 == "." } == false)
        } else {
            #expect(result == [cleaned])
        }
    }

    @Test(arguments: [("..", nil), ("/", nil), ("...", "_"), ("a/b", "ab"), ("a\u{202e}b", "ab"), (" ", "_")])
    func topLevelNames(_ name: String, _ cleaned: String?) throws {
        let metainfo = try Metainfo(bytes: Bencoded.torrent(name, [["f"]]))
        #expect(metainfo.name == cleaned ?? metainfo.infoHash.description)
        #expect(metainfo.files.map(\.path) == [metainfo.name + "/f"])
        #expect(metainfo.renamed.map(\.from) == [name + "/f"])
    }

    @Test func bytesThatAreNotUTF8AreReplaced() throws {
        let bytes = Bencoded.torrent(name: [0x54], paths: [[[0x61, 0xff, 0x62]], [[0xed, 0xa0, 0x80]]])
        let metainfo = try Metainfo(bytes: bytes)
        #expect(metainfo.files.first?.path == "T/a_b")
        #expect(metainfo.files.allSatisfy { !$0.path.contains("\u{fffd}") })
    }

    @Test func namesAreUnique() throws {
        #expect(try paths("T", [["a.txt"], ["a.txt"], ["a.txt"]]) == ["T/a.txt", "T/a.1.txt", "T/a.2.txt"])
        #expect(try paths("T", [["a"], ["a", "b"]]) == ["T/a.1", "T/a/b"])
        #expect(try paths("T", [["a", "b"], ["a"]]) == ["T/a/b", "T/a.1"])
        #expect(try paths("T", [["a.1"], ["a"], ["a"]]) == ["T/a.1", "T/a", "T/a.2"])
        // On Linux these are different files, and the engine by itself would rename one.
        #expect(try paths("T", [["README"], ["Readme"]]) == ["T/README", "T/Readme"])
        #expect(try paths("T", [["..."], ["...."]]) == ["T/_", "T/_.1"])
    }

    @Test func longNamesAreCut() throws {
        let long = String(repeating: "é", count: 300) + ".jpeg"
        let cleaned = try paths("T", [[long], [long]])
        #expect(cleaned.allSatisfy { $0.hasSuffix(".jpeg") && $0.utf8.count <= 257 })
        #expect(Set(cleaned).count == 2)
    }

    @Test func endlessPathsAreRefused() {
        let error = #expect(throws: EngineError.self) {
            try paths("T", [.init(repeating: String(repeating: "a", count: 100), count: 100)])
        }
        #expect(error?.code == .limitExceeded)
    }
}

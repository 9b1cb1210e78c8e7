import Foundation
import PrivateTorrent
import Testing
import TorrentEngine

@testable import swarmctl

@Suite struct BundleRedactorTests {
    private static let hash = String(repeating: "0123456789", count: 4)
    private static let report = """
        {"torrents": [{"infoHash": "\(hash)", "name": "Secret film", "folder": "/home/alice/My films",
          "job": "job 4711", "members": [{"rule": "10.1.2.3:6881", "source": "inviteList", "peerID": "bobbin"}],
          "lastError": {"code": "diskFull", "operation": "write /home/alice/My films/Secret film",
                        "reason": "carol's disk is full, magnet:?xt=urn:btih:x&dn=Hidden+one said bobbin"}}],
         "peers": [{"endpoint": "[::ffff:10.1.2.3]:6881", "client": "Alice's own 1.0", "identity": "bobbin",
                    "later": "something that nobody knows"}],
         "log": {"records": [{"message": "torrent 01234567… of 10.1.2.3: \\"Unheard of\\" is gone", "level": "info"}]}}
        """
    private static let secrets: [Pseudonyms.Kind: [String]] = [
        .address: ["10.1.2.3"], .torrent: [hash, "01234567"], .name: ["Secret film", "My films", "alice"],
        .host: ["carol"], .peer: ["bobbin"], .job: ["4711"], .client: ["own 1.0"], .invite: ["Hidden"],
        .text: ["nobody knows", "Unheard of"],
    ]

    /// What the log says of a torrent that is gone: nothing has learned its names. Red where an error of a seed or a fetch
    /// has one without quotes.
    @Test("Names in errors go, of torrents that nobody knows any more")
    func forgotten() async throws {
        let folder = "/tmp/verborgen \(UUID().uuidString.prefix(8))"
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let named = "\(folder)/Eine Akte"
        try FileManager.default.createDirectory(atPath: named, withIntermediateDirectories: true)
        try Data(repeating: 7, count: 50_000).write(to: URL(filePath: "\(named)/Erste Seite"))
        let metainfo = try await TorrentCreator().create(of: named).metainfo
        let engine = try await Engine.start(EngineConfiguration())
        let members = [Member(try AddressRule(parsing: "127.0.0.9"), source: .inviteList)]
        var errors: [any Error] = []
        func note(_ work: () async throws -> Void) async {
            do { try await work() } catch { errors.append(error) }
        }
        // It stands there already; the choice fits nothing; it is not whole.
        await note {
            _ = try await Fetcher(engine: engine).fetch(
                FetchRequest(.metainfo(metainfo), into: folder, members: members))
        }
        await note { _ = try FileSelection(selecting: ["x"]).priorities(in: metainfo) }
        try Data([1]).write(to: URL(filePath: "\(named)/Erste Seite"))
        await note { _ = try await Seeder(engine: engine).seed(metainfo, in: folder, members: members) }
        try FileManager.default.removeItem(atPath: folder)
        await note { _ = try await Seeder(engine: engine).seed(metainfo, in: folder, members: members) }
        #expect(errors.count == 4)
        for error in errors {
            var redactor = BundleRedactor(disabled: [])
            let text = redactor.text("torrent 01234567 was not taken up: \(error)")
            for name in ["Akte", "Seite", "verborgen"] { #expect(!text.contains(name), "\(text)") }
        }
        try await engine.shutdown()
    }

    private func redacted(_ disabled: Set<Pseudonyms.Kind> = []) throws -> String {
        var redactor = BundleRedactor(disabled: disabled)
        let tree = try JSONTree(parsing: Array(Self.report.utf8))
        redactor.learn(try InfoHash(parsing: Self.hash))
        redactor.learn(.host, "carol")
        redactor.learn(tree)
        return String(decoding: try redactor.tree(tree).bytes(), as: UTF8.self)
    }

    @Test("What is known and what is not is replaced; the same by the same")
    func all() throws {
        let text = try redacted()
        for secret in Self.secrets.values.joined() { #expect(!text.contains(secret), "\(secret)") }
        #expect(text.contains("\"[address-1]:6881\""))
        #expect(text.contains("torrent torrent-1… of address-1: \\\"text-"))
        #expect(text.contains("\"diskFull\""))
        #expect(text.contains("\"inviteList\""))
        #expect(text.contains("\"info\""))
        #expect(text.contains("disk is full, invite-1 said peer-1"))
    }

    @Test("Each kind is what hides it", arguments: Pseudonyms.Kind.allCases)
    func off(_ kind: Pseudonyms.Kind) throws {
        let text = try redacted([kind])
        for secret in Self.secrets[kind] ?? [] { #expect(text.contains(secret), "\(secret)") }
    }

    @Test(
        "Texts that nobody foresaw",
        arguments: [
            ("at face:10.9.8.7:80.", "10.9.8.7"), ("peer10.9.8.7", "10.9.8.7"),
            ("[2001:db8::9]:1", "2001:db8::9"), ("x::ffff:10.9.8.7", "10.9.8.7"),
            ("\(hash).fastresume", hash), ("xt=urn:btih:\(hash.uppercased())&x", hash.uppercased()),
            ("MFRGGZDFMZTWQ2LKNNWG23TPOBYXE43U", "MFRGGZDFMZTWQ2LKNNWG23TPOBYXE43U"),
            ("cannot open /srv/Films/one: gone", "Films"), ("it says \"who \\\" knows\"", "knows"),
            ("Secret%20film is gone", "Secret"), ("\"Secret film\"", "Secret"),
        ])
    func texts(_ text: String, _ secret: String) throws {
        var redactor = BundleRedactor()
        redactor.learn(.name, "Secret film")
        let out = redactor.text(text)
        #expect(!out.contains(secret), "\(out)")
    }

    @Test("A name that is a part of an address, or a word of the API, takes neither apart")
    func pieces() throws {
        var redactor = BundleRedactor()
        for name in ["12", "state", "10.11 backup", "Decade"] { redactor.learn(path: "/srv/\(name)") }
        redactor.learn(.name, "3")
        #expect(redactor.text("after 12 ms") == "after 12 ms")
        #expect(redactor.text("at 127.0.0.3:33967 and 10.11.12.3") == "at address-1:33967 and address-2")
        #expect(!redactor.text("of 10.11 backup: Decade").contains("11"))
        #expect(!redactor.text("of 10.11 backup: Decade").contains("Decade"))
        let tree = try JSONTree(parsing: Array(#"{"state": "seeding", "stateProblems": 12}"#.utf8))
        #expect(redactor.tree(tree) == tree)
        let version = try Engine.versions().engineRunning
        #expect(redactor.text("libtorrent \(version)") == "libtorrent \(version)")
    }

    @Test("Plain words, numbers and times stay")
    func plain() {
        var redactor = BundleRedactor()
        for text in ["3.5 MiB of 7 at 12:30:05", "it answers after 3 ms", "127.0.0.1 and 0.0.0.0:6881"] {
            #expect(redactor.text(text) == text)
        }
    }
}

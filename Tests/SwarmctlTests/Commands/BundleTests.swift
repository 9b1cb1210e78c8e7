import Foundation
import NodeControl
import Testing
import TorrentEngine

@testable import swarmctl

/// A bundle of a live node with secrets of every kind: none is in it, in no form.
@Suite(.timeLimit(.minutes(2)))
struct BundleTests {
    private static let user = "geheimeruser"
    private static let fileName = "Żółw & hóstess – 文 100%.bin"
    private static let folderName = "Vertrauliche Ordner é"
    private static let addresses = [
        "10.11.12.13", "2001:db8:77::1", "10.20.30.40", "203.0.113.64", "198.51.100.23", "192.0.2.55",
        "127.0.0.9", "127.0.0.2",
    ]
    /// In the invite alone.
    private static let inviteName = "Verraten"

    private struct Scene {
        let daemon: RunningDaemon
        var needles = Needles()
        var hashes: [InfoHash] = []
    }

    /// A node that seeds a file, keeps a paused torrent, refused a stranger, and was given a mistake with an invite in it.
    private func scene() async throws -> Scene {
        var scene = Scene(daemon: try await RunningDaemon.start())
        let (daemon, client) = (scene.daemon, scene.daemon.client)
        let folder = "\(daemon.folder)/\(Self.folderName)"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: false)
        let content = Data((0..<40_000).map { _ in UInt8.random(in: 0...255) })
        try content.write(to: URL(filePath: "\(folder)/\(Self.fileName)"))
        let torrent = "\(daemon.folder)/t.torrent"
        _ = try await Command.run("create", "\(folder)/\(Self.fileName)", "--output", torrent)
        let seed = try await client.add(
            AddRequest(
                torrent: Data(contentsOf: URL(filePath: torrent)).base64EncodedString(), folder: folder,
                role: .seed, members: ["127.0.0.3", "203.0.113.64/26"]))
        var paused = AddRequest(
            invite: String(repeating: "5a", count: 20), folder: folder,
            members: ["10.11.12.13:6881", "[2001:db8:77::1]:6881", "::ffff:10.20.30.40"])
        paused.paused = true
        let kept = try await client.add(paused)

        let door = try PeerEndpoint(parsing: try #require(try await client.status().listen.first))
        let stranger = try RawSocket(.tcp, at: IPAddress(parsing: "127.0.0.9"))
        _ = stranger.connect(to: door)
        while try await client.get("/v1/refusals", as: RefusalReport.self).denied.isEmpty {
            try await Task.sleep(for: .milliseconds(20))
        }
        let invited = try InfoHash(parsing: String(repeating: "c7", count: 20))
        try RunningDaemon.configure(
            daemon.folder,
            """
              "magnet:?xt=urn:btih:\(invited)&dn=\(Self.inviteName)&x.pe=192.0.2.55%3A6881": 1
              "gone /srv/\(Self.folderName)/x: \(invited) of 198.51.100.23": 1
            """)
        daemon.command.send(SIGHUP)
        #expect(await daemon.command.note("what held goes on") != nil)

        scene.hashes = [seed.infoHash, kept.infoHash, invited]
        for hash in scene.hashes { scene.needles.add(hash) }
        for address in Self.addresses { try scene.needles.add(address: address) }
        scene.needles.add(name: Self.fileName)
        scene.needles.add(name: Self.folderName)
        scene.needles.add(name: String(daemon.folder.dropFirst(5)))
        scene.needles.add(name: Self.inviteName, kind: "invite")
        scene.needles.add(name: Self.user, kind: "host")
        return scene
    }

    private func leaks(_ scene: Scene, without kinds: Set<Pseudonyms.Kind>) async throws -> [String] {
        let maker = BundleMaker(
            client: scene.daemon.client, redactor: BundleRedactor(disabled: kinds), hosts: [Self.user])
        return try await maker.members().flatMap { member in
            scene.needles.found(in: member.bytes + Array(member.name.utf8)).map { "\(member.name): \($0)" }
        }
    }

    @Test("No secret of a live node is in its bundle; with the redaction of a kind off, that kind is")
    func redacted() async throws {
        let scene = try await scene()
        let (daemon, archive) = (scene.daemon, "\(scene.daemon.folder)/b.tar.gz")
        let made = try await Command(
            ["bundle", "--socket", daemon.socket, "-o", archive, "--json"],
            environment: ["USER": Self.user, "HOME": "/home/\(Self.user)"]
        ).end()
        #expect(made.status == 0, "\(made.notes)")
        let unpacked = "\(daemon.folder)/unpacked"
        try FileManager.default.createDirectory(atPath: unpacked, withIntermediateDirectories: false)
        try BundleArchive.run("tar", ["-C", unpacked, "-xzf", archive])
        let names = FileManager.default.enumerator(atPath: unpacked)?.allObjects as? [String] ?? []
        var files: [String: [UInt8]] = [:]
        for name in names {
            #expect(scene.needles.found(in: Array(name.utf8)).isEmpty, "\(name)")
            guard let data = FileManager.default.contents(atPath: "\(unpacked)/\(name)") else { continue }
            files[name] = Array(data)
            #expect(scene.needles.found(in: Array(data)).isEmpty, "\(name)")
        }
        for name in ["status", "config", "torrents", "refusals", "log", "doctor", "versions", "manifest"] {
            #expect(files["swarmctl-bundle/\(name).json"] != nil, "\(name)")
        }
        #expect(names.contains { $0.hasPrefix("swarmctl-bundle/peers/torrent-") })
        // The archive's own head names no one either.
        try BundleArchive.run("gzip", ["-d", archive])
        let whole = try Data(contentsOf: URL(filePath: "\(daemon.folder)/b.tar"))
        #expect(scene.needles.found(in: Array(whole)).isEmpty)
        #expect(whole.range(of: Data(NSUserName().utf8)) == nil || NSUserName() == "root")
        // Who and what are gone from the log before anybody asks for it.
        let served = try await daemon.client.text("/v1/log")
        #expect(served.contains("what held goes on"))
        #expect(!served.contains("198.51.100.23"))
        #expect(scene.hashes.allSatisfy { !served.contains("\($0)") })
        // And it is useful: the stranger has one name wherever it stands, and the log tells what happened.
        let refusals = try JSONTree(parsing: try #require(files["swarmctl-bundle/refusals.json"]))
        #expect(refusals["denied"]?.elements.first?["endpoint"]?.text?.hasPrefix("address-") == true)
        let log = String(decoding: files["swarmctl-bundle/log.json"] ?? [], as: UTF8.self)
        #expect(log.contains("what held goes on"))

        #expect(try await leaks(scene, without: []).isEmpty)
        for kind in [Pseudonyms.Kind.address, .torrent, .name, .invite] {
            let found = try await leaks(scene, without: [kind])
            #expect(found.contains { $0.contains("\(kind.rawValue): ") }, "\(kind)")
        }
        #expect(await daemon.stop().status == 0)
    }

    @Test("Without redaction everything is in it, and that is said; nothing is written over")
    func unredacted() async throws {
        let scene = try await scene()
        let archive = "\(scene.daemon.folder)/b.tar"
        let made = try await Command.run(
            "bundle", "--socket", scene.daemon.socket, "-o", archive, "--unredacted")
        #expect(made.status == 0)
        #expect(made.notes.contains("nothing is replaced"))
        let whole = Array(try Data(contentsOf: URL(filePath: archive)))
        #expect(scene.needles.found(in: whole).contains { $0.hasPrefix("torrent") })
        #expect(scene.needles.found(in: whole).contains { $0.hasPrefix("name") })
        let mode = try FileManager.default.attributesOfItem(atPath: archive)[.posixPermissions] as? Int
        #expect(mode == 0o600)
        let again = try await Command.run("bundle", "--socket", scene.daemon.socket, "-o", archive)
        #expect(again.status == 73)
        #expect(await scene.daemon.stop().status == 0)
        let gone = try await Command.run("bundle", "--socket", scene.daemon.socket, "-o", "\(archive).tar")
        #expect(gone.status == 69)
    }
}

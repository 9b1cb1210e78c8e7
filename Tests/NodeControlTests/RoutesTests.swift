import Foundation
import PrivateTorrent
import PrivateTorrentTesting
import Testing
import TorrentEngine

@testable import NodeControl

/// A node that fetches from a seed, over the API alone.
@Suite(.timeLimit(.minutes(2)))
struct RoutesTests {
    private static let nobody = String(repeating: "0", count: 40)

    /// Waits until the torrent is as it should be.
    private func wait(
        _ node: RunningNode, _ infoHash: InfoHash, until isSo: (TorrentReport) -> Bool
    ) async throws -> TorrentReport {
        while true {
            let report = try await node.client.torrent(infoHash)
            if isSo(report) { return report }
            try await Task.sleep(for: .milliseconds(20))
        }
    }

    private func fetched(_ node: RunningNode, _ seeder: LocalSeeder) async throws -> String {
        let magnet = MagnetLink(infoHash: seeder.torrent.infoHash, peers: [seeder.endpoint])
        let report = try await node.client.add(AddRequest(invite: "\(magnet)", folder: "\(node.folder)/in"))
        #expect(report.infoHash == seeder.torrent.infoHash)
        _ = try await wait(node, report.infoHash) { $0.state == .seeding }
        return "/v1/torrents/\(report.infoHash)"
    }

    @Test("An invite is added, fetched and told of")
    func fetch() async throws {
        let bytes = RunningNode.content(300_000)
        let seeder = try await LocalSeeder.start(bytes, members: ["127.0.0.2"])
        let node = try await RunningNode.start()
        let client = node.client
        let target = try await fetched(node, seeder)
        #expect(try Data(contentsOf: URL(filePath: "\(node.folder)/in/content.bin")) == Data(bytes))

        let status = try await client.status()
        #expect(status.torrents.total == 1 && status.torrents.seeding == 1)
        #expect(status.listen == (await node.store.engine.listeningEndpoints).map(\.description))
        #expect(status.schemaVersion == 1 && status.notReady.isEmpty)
        let list = try await client.torrents()
        #expect(list.map(\.infoHash) == [seeder.torrent.infoHash])
        #expect(list[0].name == "content.bin" && list[0].progress == 1 && list[0].sizeBytes == 300_000)
        #expect(list[0].role == "fetch" && list[0].lastError == nil)
        #expect(list[0].folder == "\(node.folder)/in")
        #expect(list[0].members.map(\.rule) == ["\(seeder.endpoint)"])
        #expect(list[0].members.map(\.source) == ["invite"])

        let pieces = try await client.get("\(target)/pieces", as: PieceMap.self)
        #expect(pieces.pieceCount == seeder.metainfo.pieceCount && pieces.verifiedPieces == pieces.pieceCount)
        let files = try await client.get("\(target)/files", as: FileList.self).files
        #expect(files.map(\.path) == ["content.bin"] && files.map(\.verifiedBytes) == [300_000])
        let verified = try await client.send("POST", "\(target)/verify", as: VerificationReport.self)
        #expect(verified.verifiedBytes == 300_000 && verified.badFiles.isEmpty)
        let retention = try await client.get("/v1/retention", as: RetentionReport.self)
        #expect(retention.usedBytes == 300_000 && retention.removals.isEmpty && retention.kept.count == 1)
        try await node.stop()
        try await seeder.stop()
    }

    @Test("Members are added, replaced and removed, and who is removed is cut")
    func members() async throws {
        let seeder = try await LocalSeeder.start(RunningNode.content(100_000), members: ["127.0.0.2"])
        let node = try await RunningNode.start()
        let client = node.client
        let target = try await fetched(node, seeder)
        let reader = try await RunningNode.start(at: "127.0.0.3")
        let door = try #require(await node.store.engine.listeningEndpoints.first)
        let magnet = MagnetLink(infoHash: seeder.torrent.infoHash, peers: [door])

        var list = try await client.send(
            "POST", "\(target)/members", body: MembersRequest(members: ["127.0.0.3", "127.0.0.3"]),
            as: MemberList.self)
        #expect(list.members.map(\.rule).contains("127.0.0.3"))
        _ = try await reader.client.add(AddRequest(invite: "\(magnet)", folder: "\(reader.folder)/in"))
        let report = try await wait(reader, seeder.torrent.infoHash) { $0.state == .seeding }
        #expect(report.receivedBytes >= 100_000)

        #expect(try await client.peers(of: seeder.torrent.infoHash).contains { $0.rule == "127.0.0.3" })
        list = try await client.send("DELETE", "\(target)/members?rule=127.0.0.3", as: MemberList.self)
        #expect(list.members.map(\.rule) == ["\(seeder.endpoint)"])
        let peers = try await client.peers(of: seeder.torrent.infoHash).filter { $0.state == .connected }
        #expect(!peers.contains { $0.endpoint.address == (try? IPAddress(parsing: "127.0.0.3")) })
        #expect(try await node.problem("DELETE", "\(target)/members?rule=127.0.0.3") == "404 notFound")
        #expect(try await node.problem("DELETE", "\(target)/members") == "400 badRequest")

        list = try await client.send(
            "PUT", "\(target)/members", body: MembersRequest(members: ["10.0.0.0/24", "[2001:db8::1]:6881"]),
            as: MemberList.self)
        #expect(list.members.map(\.rule) == ["10.0.0.0/24", "[2001:db8::1]:6881"])
        #expect(try await client.get("\(target)/members", as: MemberList.self) == list)
        #expect(await node.store.entry(seeder.torrent.infoHash)?.members.count == 2)
        #expect(
            try await node.problem("PUT", "\(target)/members", #"{"members":["10.0.0.1/8"]}"#).hasPrefix(
                "400"))
        #expect(
            try await node.problem("PUT", "\(target)/members", #"{"members":["0.0.0.0/0"]}"#).hasPrefix("400")
        )

        // A stranger is turned away, and the node tells of it.
        let stranger = try await RunningNode.start(at: "127.0.0.4")
        _ = try await stranger.client.add(AddRequest(invite: "\(magnet)", folder: "\(stranger.folder)/in"))
        var refusals = try await client.get("/v1/refusals", as: RefusalReport.self)
        while refusals.denied.isEmpty {
            try await Task.sleep(for: .milliseconds(20))
            refusals = try await client.get("/v1/refusals", as: RefusalReport.self)
        }
        #expect(refusals.denied[0].endpoint.address == (try IPAddress(parsing: "127.0.0.4")))
        #expect(refusals.totals.values.reduce(0, +) >= 1)
        try await stranger.stop()
        try await reader.stop()
        try await node.stop()
        try await seeder.stop()
    }

    @Test("A field that nobody knows is refused by its name, and nothing is done")
    func unknownFields() async throws {
        let node = try await RunningNode.start()
        for (body, name) in [
            (#"{"invite":"\#(Self.nobody)","folder":"/tmp","pausd":true}"#, "pausd"),
            (
                #"{"invite":"\#(Self.nobody)","folder":"/tmp","limits":{"upload":0,"download":0,"down":1}}"#,
                "limits.down"
            ),
        ] {
            let answer = try await node.client.raw("POST", "/v1/torrents", body: Array(body.utf8))
            let problem = try JSONDecoder().decode(Problem.self, from: Data(answer.body))
            #expect(problem.status == 400 && problem.code == "malformed")
            #expect(problem.detail.hasSuffix(": \(name) is not known"))
        }
        #expect(try await node.client.torrents().isEmpty)
        try await node.stop()
    }

    @Test("Changes of members at the same time are all kept")
    func concurrentMembers() async throws {
        let node = try await RunningNode.start()
        let seeder = try await LocalSeeder.start(RunningNode.content(1000), members: [])
        let magnet = MagnetLink(infoHash: seeder.torrent.infoHash, peers: [seeder.endpoint])
        var request = AddRequest(invite: "\(magnet)", folder: node.folder)
        request.paused = true
        _ = try await node.client.add(request)
        let target = "/v1/torrents/\(seeder.torrent.infoHash)/members"
        try await withThrowingTaskGroup(of: Void.self) { group in
            for number in 1...20 {
                group.addTask {
                    _ = try await node.client.send(
                        "POST", target, body: MembersRequest(members: ["10.0.0.\(number)"]),
                        as: MemberList.self)
                }
            }
            try await group.waitForAll()
        }
        #expect(try await node.client.get(target, as: MemberList.self).members.count == 21)
        try await node.stop()
        try await seeder.stop()
    }

    @Test("Pause, resume, limits, selection, move and removal")
    func changes() async throws {
        let seeder = try await LocalSeeder.start(RunningNode.content(50_000), members: ["127.0.0.2"])
        let node = try await RunningNode.start()
        let client = node.client
        let target = try await fetched(node, seeder)
        let infoHash = seeder.torrent.infoHash
        #expect(
            try await client.send("POST", "\(target)/pause", as: TorrentAnswer.self).torrent.state == .paused)
        #expect(await node.store.entry(infoHash)?.isStarted == false)
        #expect(
            try await client.send("POST", "\(target)/resume", as: TorrentAnswer.self).torrent.state != .paused
        )
        let limits = TorrentLimits(upload: 1000, download: 2000)
        #expect(
            try await client.send("PUT", "\(target)/limits", body: limits, as: TorrentAnswer.self).torrent
                .limits
                == limits)
        #expect(await node.store.entry(infoHash)?.uploadLimit == 1000)
        let none = SelectionRequest(select: ["nothing*"])
        await #expect(throws: ControlClientError.self) {
            try await client.send("PUT", "\(target)/selection", body: none, as: TorrentAnswer.self)
        }
        _ = try await client.send(
            "PUT", "\(target)/selection", body: SelectionRequest(select: ["0"]), as: TorrentAnswer.self)
        #expect(await node.store.entry(infoHash)?.filePriorities == [4])
        _ = try await wait(node, infoHash) { $0.state == .seeding }
        while await node.store.entry(infoHash)?.isComplete != true {
            try await Task.sleep(for: .milliseconds(20))
        }
        let left = try await client.send(
            "POST", "\(target)/move", body: MoveRequest(folder: "\(node.folder)/there"), as: LeftFiles.self)
        #expect(left.left.isEmpty)
        #expect(FileManager.default.fileExists(atPath: "\(node.folder)/there/content.bin"))
        #expect(try await client.torrent(infoHash).folder == "\(node.folder)/there")
        try await client.remove(infoHash, data: true)
        #expect(!FileManager.default.fileExists(atPath: "\(node.folder)/there/content.bin"))
        #expect(try await node.problem("GET", target) == "404 torrentNotFound")
        try await node.stop()
        try await seeder.stop()
    }

    @Test("A .torrent is added paused, with its choice of files; a seed is hashed first")
    func addTorrent() async throws {
        let bytes = RunningNode.content(40_000)
        let seeder = try await LocalSeeder.start(bytes, members: ["127.0.0.2"])
        let node = try await RunningNode.start()
        let text = Data(seeder.metainfo.sanitisedTorrent).base64EncodedString()
        var request = AddRequest(torrent: text, folder: "\(node.folder)/in", members: ["\(seeder.endpoint)"])
        request.paused = true
        request.limits = TorrentLimits(upload: 1, download: 0)
        request.selection = SelectionRequest(select: ["*.bin"])
        let paused = try await node.client.add(request)
        #expect(paused.state == .paused && paused.name == "content.bin" && paused.limits.upload == 1)
        #expect(try await node.client.status().torrents.paused == 1)
        await #expect(throws: ControlClientError.self) { try await node.client.add(request) }
        try await node.client.remove(paused.infoHash)

        let seed = AddRequest(torrent: text, folder: node.folder, role: .seed, members: ["127.0.0.9"])
        await #expect(throws: ControlClientError.self) { try await node.client.add(seed) }
        #expect(try await node.client.torrents().isEmpty)
        try Data(bytes).write(to: URL(filePath: "\(node.folder)/content.bin"))
        var halted = seed
        halted.selection = SelectionRequest(select: ["*"])
        await #expect(throws: ControlClientError.self) { try await node.client.add(halted) }
        (halted.selection, halted.paused, halted.limits) = (nil, true, TorrentLimits(upload: 7, download: 0))
        let waiting = try await node.client.add(halted)
        #expect(waiting.state == .paused && waiting.limits.upload == 7, "\(waiting)")
        try await node.client.remove(waiting.infoHash)
        let seeded = try await node.client.add(seed)
        #expect(seeded.state == .seeding && seeded.role == "seed")
        try await node.client.remove(seeded.infoHash)
        #expect(FileManager.default.fileExists(atPath: "\(node.folder)/content.bin"))
        try await node.stop()
        try await seeder.stop()
    }

    @Test("A torrent that stopped says why")
    func lastError() async throws {
        let seeder = try await LocalSeeder.start(RunningNode.content(50_000), members: ["127.0.0.2"])
        let node = try await RunningNode.start()
        _ = try await fetched(node, seeder)
        let error = EngineError(.diskFull, "write", reason: "no room", remedy: "make some")
        var found = event(.storageError, detail: "")
        (found.error, found.event.infoHash) = (error, seeder.torrent.infoHash)
        node.server.feed.take(found)
        #expect(try await node.client.torrent(seeder.torrent.infoHash).lastError?.remedy == "make some")
        // A save that went well says nothing of another fault, and ends one of its own.
        let infoHash = seeder.torrent.infoHash
        node.server.feed.noteSaved(infoHash)
        #expect(node.server.feed.lastError(of: infoHash) == error)
        var goesOn = event(.state, detail: "")
        (goesOn.endsError, goesOn.event.infoHash) = (true, infoHash)
        node.server.feed.take(goesOn)
        #expect(try await node.client.torrent(infoHash).lastError == nil)
        var unsaved = event(.saveFailed, detail: "")
        (unsaved.error, unsaved.event.infoHash) = (error, infoHash)
        node.server.feed.take(unsaved)
        try await node.store.save(infoHash)
        while node.server.feed.lastError(of: infoHash) != nil { try await Task.sleep(for: .milliseconds(10)) }
        try await node.stop()
        try await seeder.stop()
    }

    /// Red where the member is only let in: the seed has no port of ours, and cannot dial.
    @Test("A member that is added is dialled, also one that was withdrawn before")
    func memberIsDialled() async throws {
        let seeder = try await LocalSeeder.start(RunningNode.content(40_000), members: ["127.0.0.2"])
        let node = try await RunningNode.start()
        let infoHash = seeder.torrent.infoHash
        var add = AddRequest(
            invite: "\(infoHash)", folder: "\(node.folder)/in",
            members: ["127.0.0.9:1", "\(seeder.endpoint)"])
        add.paused = true
        let report = try await node.client.add(add)
        let path = "/v1/torrents/\(report.infoHash)/members"
        let rule = "\(seeder.endpoint)"
        #expect(try await node.problem("DELETE", "\(path)?rule=\(rule)") == "200")
        #expect(try await node.problem("POST", path, #"{"members":["127.0.0.8:1"]}"#) == "200")
        // Not while it is paused.
        #expect(try await node.client.torrent(infoHash).state == .paused)
        #expect(try await node.problem("POST", "/v1/torrents/\(infoHash)/resume") == "200")
        #expect(try await node.problem("POST", path, #"{"members":["\#(rule)"]}"#) == "200")
        while try await node.client.torrent(infoHash).state != .seeding {
            try await Task.sleep(for: .milliseconds(20))
        }
        try await node.stop()
        try await seeder.stop()
    }

    @Test(
        "What cannot be done is a problem, never a crash",
        arguments: [
            ("GET", "/", nil, "404 notFound"), ("GET", "/v2/status", nil, "404 notFound"),
            ("GET", "/v1/status/", nil, "404 notFound"),
            ("PATCH", "/v1/torrents", nil, "405 methodNotAllowed"),
            ("GET", "/v1/torrents/xyz", nil, "400 malformed"),
            ("GET", "/v1/torrents/\(nobody)", nil, "404 torrentNotFound"),
            ("POST", "/v1/torrents/\(nobody)/pause", nil, "404 torrentNotFound"),
            ("POST", "/v1/torrents/\(nobody)/resume", nil, "404 torrentNotFound"),
            ("POST", "/v1/torrents/\(nobody)/verify", nil, "404 torrentNotFound"),
            ("POST", "/v1/torrents/\(nobody)/move", #"{"folder":"/tmp"}"#, "404 torrentNotFound"),
            ("PUT", "/v1/torrents/\(nobody)/limits", #"{"upload":1,"download":1}"#, "404 torrentNotFound"),
            ("PUT", "/v1/torrents/\(nobody)/limits", #"{"upload":-1,"download":1}"#, "400 malformed"),
            ("PUT", "/v1/torrents/\(nobody)/selection", "{}", "404 torrentNotFound"),
            ("PUT", "/v1/torrents/\(nobody)/members", #"{"members":[]}"#, "404 torrentNotFound"),
            ("DELETE", "/v1/torrents/\(nobody)", nil, "404 torrentNotFound"),
            ("DELETE", "/v1/torrents/\(nobody)?data=yes", nil, "400 badRequest"),
            ("GET", "/v1/torrents/\(nobody)/peers", nil, "404 torrentNotFound"),
            ("GET", "/v1/torrents/\(nobody)/files", nil, "404 torrentNotFound"),
            ("GET", "/v1/torrents/\(nobody)/pieces", nil, "404 torrentNotFound"),
            ("GET", "/v1/torrents/\(nobody)/members", nil, "404 torrentNotFound"),
            ("POST", "/v1/torrents", "", "400 malformed"), ("POST", "/v1/torrents", "[]", "400 malformed"),
            ("POST", "/v1/torrents", #"{"folder":"/tmp"}"#, "400 badRequest"),
            ("POST", "/v1/torrents", #"{"folder":"x","invite":"\#(nobody)"}"#, "400 badRequest"),
            ("POST", "/v1/torrents", #"{"folder":"/tmp","invite":"nonsense"}"#, "400 malformed"),
            ("POST", "/v1/torrents", #"{"folder":"/tmp","invite":"\#(nobody)"}"#, "422 noMember"),
            ("POST", "/v1/torrents", #"{"folder":"/tmp","torrent":"!"}"#, "400 malformed"),
            ("POST", "/v1/torrents", #"{"folder":"/tmp","torrent":"AAAA"}"#, "400 malformed"),
        ] as [(String, String, String?, String)])
    func problems(_ method: String, _ target: String, _ body: String?, _ expected: String) async throws {
        let node = try await RunningNode.start()
        #expect(try await node.problem(method, target, body) == expected)
        try await node.stop()
    }

    @Test("Health: it lives while it is not ready, and says why")
    func health() async throws {
        let node = try await RunningNode.start(readiness: { ["torrents are taken up"] })
        #expect(try await node.problem("GET", "/livez") == "200")
        #expect(try await node.problem("GET", "/readyz") == "503 notReady")
        #expect(try await node.client.status().notReady == ["torrents are taken up"])
        try await node.stop()
    }
}

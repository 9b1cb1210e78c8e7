import Foundation
import PrivateTorrent
import PrivateTorrentTesting
import Testing
import TorrentEngine

@testable import NodeControl

/// Requests that are well-formed and meant ill, or made by a program that is broken.
@Suite(.timeLimit(.minutes(1)))
struct HostileRequestsTests {
    private static let hash = String(repeating: "a", count: 40)

    private func body(_ fields: [String: Any]) throws -> String {
        String(decoding: try JSONSerialization.data(withJSONObject: fields), as: UTF8.self)
    }

    @Test(
        "No answer promises to go on where the decoder does not",
        arguments: ["GET /livez HTTP/1.1\r\nconnection: upgrade\r\nupgrade: h2c", "CONNECT /livez HTTP/1.1"])
    func upgrade(_ head: String) async throws {
        let node = try await RunningNode.start()
        let raw = try RawClient(node.server.path)
        raw.send("\(head)\r\nhost: x\r\n\r\n")
        #expect(try #require(await raw.read()).contains("connection: close"))
        try await node.stop()
    }

    @Test("A client of HTTP/1.0 is not told to go on")
    func expectation() async throws {
        let node = try await RunningNode.start()
        let raw = try RawClient(node.server.path)
        raw.send("POST /v1/torrents HTTP/1.0\r\nexpect: 100-continue\r\ncontent-length: 2\r\n\r\n{}")
        #expect(try #require(await raw.read()).hasPrefix("HTTP/1.0 400 "))
        try await node.stop()
    }

    @Test("What is no HTTP does not get its answer in the place of an earlier request's")
    func pipelined() async throws {
        let node = try await RunningNode.start()
        let raw = try RawClient(node.server.path)
        raw.send("GET /livez HTTP/1.1\r\nhost: x\r\n\r\nGARBAGE\r\n\r\n")
        #expect(try #require(await raw.read()).hasPrefix("HTTP/1.1 400 ") == false)
        try await node.stop()
    }

    @Test("A folder that the system would take for another, or that is no folder for content, is refused")
    func folders() async throws {
        let node = try await RunningNode.start()
        let base = node.folder
        try FileManager.default.createSymbolicLink(
            atPath: "\(base)/loop", withDestinationPath: "\(base)/loop")
        try FileManager.default.createSymbolicLink(
            atPath: "\(base)/link", withDestinationPath: "\(base)/state")
        for folder in [
            "\(base)/a\u{0}b", "\(base)/state", "\(base)/state/x", "\(base)/link/x", "\(base)/loop/x",
            "\(base)/\(String(repeating: "n", count: 256))",
            "\(base)\(String(repeating: "/n", count: 1 << 20))",
        ] {
            let request = try body([
                "invite": Self.hash, "folder": folder, "members": ["127.0.0.9:1"], "paused": true,
            ])
            #expect(try await node.problem("POST", "/v1/torrents", request) == "400 invalidArgument")
        }
        for nothing in ["a", "state/x"] {
            #expect(!FileManager.default.fileExists(atPath: "\(base)/\(nothing)"))
        }
        // To Swift no slash, and to the system one; and beside the state directory, not in it.
        for folder in ["\(base)/c/\u{301}d/e", "\(base)/stately"] {
            let request = AddRequest(invite: Self.hash, folder: folder, members: ["127.0.0.9:1"])
            #expect(try await node.client.add(request).folder == folder)
            try await node.client.remove(InfoHash(parsing: Self.hash))
        }
        try await node.stop()
    }

    @Test("Content does not move into the state directory")
    func move() async throws {
        let seeder = try await LocalSeeder.start(RunningNode.content(40_000), members: ["127.0.0.2"])
        let node = try await RunningNode.start()
        let magnet = MagnetLink(infoHash: seeder.torrent.infoHash, peers: [seeder.endpoint])
        let report = try await node.client.add(AddRequest(invite: "\(magnet)", folder: "\(node.folder)/in"))
        // It seeds a moment before it is kept as whole, which is what may be moved.
        while await node.store.entry(report.infoHash)?.isComplete != true {
            try await Task.sleep(for: .milliseconds(20))
        }
        let base = node.folder
        for folder in ["\(base)/state/x/y", "\(base)/in/../state", "\(base)/not/../state", "\(base)/a\u{0}b"]
        {
            #expect(
                try await node.problem(
                    "POST", "/v1/torrents/\(report.infoHash)/move", body(["folder": folder]))
                    == "400 invalidArgument")
        }
        #expect(
            try await node.problem(
                "POST", "/v1/torrents/\(report.infoHash)/move", body(["folder": "\(base)/x/y"])) == "200")
        try await seeder.stop()
        try await node.stop()
    }

    @Test("Members count once, and there are not more of them than each connection can be held against")
    func members() async throws {
        let node = try await RunningNode.start()
        let report = try await node.client.add(
            AddRequest(invite: Self.hash, folder: "\(node.folder)/in", members: ["127.0.0.9", "127.0.0.9"]))
        #expect(report.members.map(\.rule) == ["127.0.0.9"])
        let rules = (0..<NodeController.maximumMembers).map { "127.1.\($0 >> 8).\($0 & 255)" }
        let path = "/v1/torrents/\(Self.hash)/members"
        #expect(try await node.problem("PUT", path, body(["members": rules])) == "200")
        #expect(try await node.problem("POST", path, body(["members": rules])) == "200")
        #expect(
            try await node.problem("POST", path, body(["members": ["127.0.0.1"]])) == "422 limitExceeded")
        let other = String(repeating: "b", count: 40)
        #expect(
            try await node.problem(
                "POST", "/v1/torrents",
                body([
                    "invite": other, "folder": "\(node.folder)/in", "members": rules + ["127.0.0.1"],
                ])) == "422 limitExceeded")
        try await node.stop()
    }

    @Test("Texts of megabytes are refused at once, and not sent back")
    func largeTexts() async throws {
        let node = try await RunningNode.start()
        let large = String(repeating: "x", count: 2 << 20)
        for fields: [String: Any] in [
            [large: 1], ["folder": "/x", "role": large], ["folder": "/x", "invite": large],
            ["folder": "/\(large)", "invite": Self.hash, "members": ["127.0.0.9"]],
            ["folder": "/x", "invite": Self.hash, "members": [large]],
        ] {
            let answer = try await node.client.raw("POST", "/v1/torrents", body: Array(body(fields).utf8))
            #expect(answer.status == 400 && answer.body.count < 8192)
        }
        try await node.stop()
    }

    @Test("A number out of range is called so")
    func numbers() async throws {
        let node = try await RunningNode.start()
        for number in ["-1", "1.5", "4294967296", "1e400"] {
            let answer = try await node.client.raw(
                "PUT", "/v1/torrents/\(Self.hash)/limits",
                body: Array(#"{"upload":\#(number),"download":0}"#.utf8))
            #expect(answer.status == 400)
            #expect(String(decoding: answer.body, as: UTF8.self).contains("out of range"), "\(number)")
        }
        try await node.stop()
    }
}

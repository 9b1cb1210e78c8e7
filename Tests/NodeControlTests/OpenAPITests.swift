import Foundation
import NIOHTTP1
import PrivateTorrent
import PrivateTorrentTesting
import Testing
import TorrentEngine
import Yams

@testable import NodeControl

/// Docs/openapi.yaml and the server say the same.
@Suite(.timeLimit(.minutes(1)))
struct OpenAPITests {
    typealias Object = [String: Any]
    private static let methods: Set = ["get", "put", "post", "delete", "patch", "head", "options"]

    private let paths: [String: Object]
    private let schemas: OpenAPISchemas

    init() throws {
        let path = URL(filePath: #filePath).deletingLastPathComponent().appending(
            path: "../../Docs/openapi.yaml")
        let document = try #require(try Yams.load(yaml: String(contentsOf: path, encoding: .utf8)) as? Object)
        paths = try #require(document["paths"] as? [String: Object])
        schemas = OpenAPISchemas(
            schemas: try #require((document["components"] as? Object)?["schemas"] as? [String: Object]))
    }

    private func operation(_ method: String, _ template: String) throws -> Object {
        try #require(paths[template]?[method.lowercased()] as? Object, "\(method) \(template)")
    }

    @Test("Every route of the server is in the file, and no other")
    func routes() throws {
        var described: Set<String> = []
        for (path, operations) in paths {
            for method in operations.keys where Self.methods.contains(method) {
                described.insert("\(method.uppercased()) \(path)")
            }
        }
        #expect(described == Set(Router.routes.map { "\($0.method) \($0.template)" }))
        #expect(Router.routes.count == described.count)
    }

    /// Red where a `requestBody` is missing, is another, or is one too many, and where a field is.
    @Test("Routes that take a body say so, and which; its fields are those in the file")
    func bodies() throws {
        for route in Router.routes {
            let body = try operation(route.method, route.template)["requestBody"] as? Object
            let content = (body?["content"] as? Object)?["application/json"] as? Object
            let schema = (content?["schema"] as? Object)?["$ref"] as? String
            #expect(
                schema == route.body.map { "#/components/schemas/\($0)" },
                "\(route.method) \(route.template)")
            #expect(body?["required"] as? Bool == (route.body == nil ? nil : true))
        }
        var bodies = Router.routes.compactMap(\.body)
        bodies += bodies.flatMap { $0.fields.values.compactMap { $0 } }
        #expect(Set(bodies.map { "\($0)" }).count == 7)
        for body in bodies {
            let properties = schemas.schemas["\(body)"]?["properties"] as? [String: Object]
            #expect(properties.map { Set($0.keys) } == Set(body.fields.keys), "\(body)")
        }
    }

    /// Red where any route answers with a field that its schema lacks, or of another kind, and where one is left out here.
    @Test("The answers of all routes are as their schemas have them, and what they are sent is, too")
    func answers() async throws {
        let seeder = try await LocalSeeder.start(RunningNode.content(40_000), members: ["127.0.0.2"])
        let node = try await RunningNode.start(loopback: LoopbackOptions(parsing: "127.0.0.1:0"))
        let (client, hash) = (node.client, seeder.torrent.infoHash)
        let (own, nobody) = ("/v1/torrents/{infoHash}", try PeerEndpoint(parsing: "127.0.0.9:9"))
        var asked: Set<String> = []
        @discardableResult
        func ask(
            _ method: String, _ template: String, _ query: String = "",
            _ body: (any Encodable & RequestBody)? = nil
        ) async throws -> Object {
            let operation = try operation(method, template)
            let sent = try body.map { try JSONEncoder().encode($0) }
            if let sent, let body {
                let value = try #require(try OpenAPISchemas.value(sent))
                expect(value, ["$ref": "/\(type(of: body))"], "\(method) \(template)")
            }
            let target = template.replacingOccurrences(of: Route.infoHash, with: "\(hash)") + query
            let answer = try await client.raw(method, target, body: sent.map(Array.init))
            asked.insert("\(method) \(template)")
            let responses = try #require(operation["responses"] as? Object)
            let text = String(decoding: answer.body, as: UTF8.self)
            let found = try #require(
                responses["\(answer.status)"] as? Object, "\(method) \(target): \(answer.status) \(text)")
            try #require((200..<300).contains(answer.status), "\(method) \(target): \(text)")
            guard let content = found["content"] as? Object else {
                #expect(answer.body.isEmpty && answer.status == 204)
                return [:]
            }
            let type = String(
                try #require(answer.headers.first(name: "content-type")?.split(separator: ";").first))
            let schema = try #require((content[type] as? Object)?["schema"] as? Object, "\(target): \(type)")
            switch type {
            case "application/json":
                let value = try #require(try OpenAPISchemas.value(answer.body))
                expect(value, schema, "\(method) \(target)")
                return value as? Object ?? [:]
            case "text/event-stream":
                let events = text.split(separator: "\n").filter { $0.hasPrefix("data: ") }
                #expect(!events.isEmpty)
                for event in events {
                    expect(try #require(try OpenAPISchemas.value(event.dropFirst(6).utf8)), schema, target)
                }
            default: expect(text, schema, target)
            }
            return [:]
        }
        func whole() async throws {
            while try await client.torrent(hash).state != .seeding {
                try await Task.sleep(for: .milliseconds(20))
            }
        }

        let magnet = MagnetLink(infoHash: hash, peers: [seeder.endpoint])
        var add = AddRequest(invite: "\(magnet)", folder: "\(node.folder)/in", members: ["\(nobody)"])
        (add.role, add.paused, add.limits) = (.fetch, false, TorrentLimits(upload: 1 << 20, download: 0))
        try await ask("POST", "/v1/torrents", "", add)
        try await whole()
        let pinged = try await ask("POST", "\(own)/ping", "", PingRequest(endpoint: nobody, seconds: 2))
        #expect((pinged["probe"] as? Object)?["failure"] != nil, "\(pinged)")
        for route in Router.routes where route.method == "GET" {
            try await ask("GET", route.template, route.template == "/v1/events" ? "?follow=false" : "")
        }
        try await ask("PUT", "\(own)/limits", "", TorrentLimits(upload: 0, download: 1 << 20))
        try await ask("PUT", "\(own)/selection", "", SelectionRequest(select: ["0"], deselect: []))
        try await ask("POST", "\(own)/members", "", MembersRequest(members: ["127.0.0.8"]))
        try await ask("DELETE", "\(own)/members", "?rule=127.0.0.8")
        try await ask("PUT", "\(own)/members", "", MembersRequest(members: ["\(seeder.endpoint)"]))
        try await ask("POST", "\(own)/rename", "", RenameRequest(file: "content.bin", to: "renamed.bin"))
        try await whole()
        try await ask("POST", "\(own)/move", "", MoveRequest(folder: "\(node.folder)/moved"))
        try await ask("POST", "\(own)/pause")
        let content = "\(node.folder)/moved/renamed.bin"
        try Data(RunningNode.content(40_000)).write(to: URL(filePath: content))
        let verified = try await ask("POST", "\(own)/verify")
        #expect((verified["badFiles"] as? [Any])?.count == 1)
        try await ask("POST", "\(own)/resume")
        try await ask("DELETE", own)
        #expect(asked == Set(Router.routes.map { "\($0.method) \($0.template)" }))
        for (target, body) in [("/v1/nothing", nil), ("/v1/torrents", "{}")] as [(String, String?)] {
            let answer = try await client.raw("POST", target, body: body.map { Array($0.utf8) })
            expect(try #require(try OpenAPISchemas.value(answer.body)), ["$ref": "/Problem"], target)
        }
        try await node.stop()
        try await seeder.stop()
    }

    /// What no route says here for sure. Red where a field has another name or kind than its schema says.
    @Test("A file that stayed where it was, and a ping that got somewhere, are as their schemas have them")
    func values() throws {
        let error = EngineError(.permissionDenied, "remove x", reason: "a", remedy: "b", path: "/x")
        let left = LeftFiles.Entry(path: "/x", error: ErrorReport(error))
        let ping = try JSONDecoder().decode(
            PingReport.self,
            from: Data(
                #"""
                {"schemaVersion": 1, "probe": {"endpoint": "127.0.0.1:1", "wasConnected": false,
                 "steps": [{"stage": "dial", "milliseconds": 0.5}, {"stage": "tcp", "milliseconds": 1}],
                 "failure": {"stage": "handshake", "reason": "closed", "detail": "x", "milliseconds": 2.5}}}
                """#.utf8))
        #expect(ping.probe.steps.count == 2 && ping.probe.failure?.reason == .closed)
        for (value, schema) in [(left, "LeftFilesEntry"), (ping, "PingReport")] as [(any Encodable, String)] {
            let json = try JSONEncoder().encode(value)
            expect(try #require(try OpenAPISchemas.value(json)), ["$ref": "/\(schema)"], schema)
        }
    }

    @Test(
        "What is of another kind than its schema says is seen",
        arguments: [
            (#"{"a": 1}"#, 0), (#"{"a": true}"#, 1), (#"{"a": 1.5}"#, 1), (#"{"a": "1"}"#, 1),
            (#"{"a": -1}"#, 1), (#"{"a": null}"#, 1), ("{}", 1), (#"{"a": 1, "b": 0.5, "c": false}"#, 0),
            (#"{"a": 1, "b": true}"#, 1), (#"{"a": 1, "c": 0}"#, 1), (#"{"a": 1, "d": 1}"#, 1), ("[]", 1),
            (#"{"a": 1, "e": ["x"]}"#, 0), (#"{"a": 1, "e": ["x", "y", 1]}"#, 2),
            (#"{"a": 1, "e": ["x", "x", "x", "x"]}"#, 1), (#"{"a": 1, "f": "äöü"}"#, 0),
            (#"{"a": 1, "f": "äöüé"}"#, 1), (#"{"a": 1, "f": ""}"#, 1),
        ])
    func kinds(_ json: String, _ count: Int) throws {
        let schema = """
            {type: object, required: [a], properties: {a: {type: integer, minimum: 0}, b: {type: number}, \
            c: {type: boolean}, e: {type: array, maxItems: 3, items: {type: string, enum: [x]}}, \
            f: {type: string, minLength: 1, maxLength: 3}}}
            """
        let found = OpenAPISchemas(schemas: [:]).problems(
            try #require(try OpenAPISchemas.value(Data(json.utf8))),
            try #require(try Yams.load(yaml: schema) as? Object), at: "x")
        #expect(found.count == count, "\(found)")
    }

    private func expect(_ value: Any, _ schema: Object, _ place: String) {
        for problem in schemas.problems(value, schema, at: place) { Issue.record("\(problem)") }
    }
}

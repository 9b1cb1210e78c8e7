import Foundation
import NIOHTTP1
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

    private func document() throws -> Object {
        let path = URL(filePath: #filePath).deletingLastPathComponent().appending(
            path: "../../Docs/openapi.yaml")
        return try #require(try Yams.load(yaml: String(contentsOf: path, encoding: .utf8)) as? Object)
    }

    @Test("Every route of the server is in the file, and no other")
    func routes() throws {
        let paths = try #require(try document()["paths"] as? [String: Object])
        var described: Set<String> = []
        for (path, operations) in paths {
            for method in operations.keys where Self.methods.contains(method) {
                described.insert("\(method.uppercased()) \(path)")
            }
        }
        #expect(described == Set(Router.routes.map { "\($0.method) \($0.template)" }))
        #expect(Router.routes.count == described.count)
    }

    @Test("The fields that a body may have are those in the file")
    func bodies() throws {
        let schemas = try #require(
            (try document()["components"] as? Object)?["schemas"] as? [String: Object])
        let bodies: [any RequestBody.Type] = [
            AddRequest.self, SelectionRequest.self, MoveRequest.self, TorrentLimits.self, MembersRequest.self,
        ]
        for body in bodies {
            let properties = schemas["\(body)"]?["properties"] as? [String: Object]
            #expect(properties.map { Set($0.keys) } == Set(body.fields.keys), "\(body)")
        }
    }

    @Test("Routes that take a body say so, and answers are as their schemas have them")
    func answers() async throws {
        let document = try document()
        let schemas = try #require((document["components"] as? Object)?["schemas"] as? [String: Object])
        let paths = try #require(document["paths"] as? [String: Object])
        let seeder = try await LocalSeeder.start(RunningNode.content(40_000), members: ["127.0.0.2"])
        let node = try await RunningNode.start()
        let magnet = MagnetLink(infoHash: seeder.torrent.infoHash, peers: [seeder.endpoint])
        let report = try await node.client.add(AddRequest(invite: "\(magnet)", folder: "\(node.folder)/in"))
        while try await node.client.torrent(report.infoHash).state != .seeding {
            try await Task.sleep(for: .milliseconds(20))
        }
        var seen = 0
        for route in Router.routes where route.method == "GET" && route.template != "/v1/events" {
            let target = route.template.replacingOccurrences(of: Route.infoHash, with: "\(report.infoHash)")
            let answer = try await node.client.raw("GET", target)
            #expect(answer.status == 200)
            let operation = try #require(paths[route.template]?["get"] as? Object)
            let ok = try #require((operation["responses"] as? Object)?["200"] as? Object)
            if route.template == "/metrics" {
                #expect((ok["content"] as? Object)?["text/plain"] != nil)
                continue
            }
            let content = try #require((ok["content"] as? Object)?["application/json"] as? Object)
            let value = try JSONSerialization.jsonObject(with: Data(answer.body))
            check(value, try #require(content["schema"] as? Object), schemas, at: target)
            seen += 1
        }
        #expect(seen > 8)
        for (target, body) in [("/v1/nothing", nil), ("/v1/torrents", "{}")] as [(String, String?)] {
            let answer = try await node.client.raw("POST", target, body: body.map { Array($0.utf8) })
            let value = try JSONSerialization.jsonObject(with: Data(answer.body))
            check(value, ["$ref": "#/components/schemas/Problem"], schemas, at: target)
        }
        try await node.stop()
        try await seeder.stop()
    }

    /// A field that is not described, or is missing, or is of another kind, fails the test.
    private func check(_ value: Any, _ schema: Object, _ schemas: [String: Object], at place: String) {
        if let reference = schema["$ref"] as? String {
            let name = String(reference.split(separator: "/").last ?? "")
            guard let found = schemas[name] else {
                Issue.record("\(place): there is no schema \(name)")
                return
            }
            return check(value, found, schemas, at: "\(place) \(name)")
        }
        switch schema["type"] as? String {
        case "object":
            guard let object = value as? Object else { return Self.wrong(place) }
            let properties = schema["properties"] as? [String: Object] ?? [:]
            for name in schema["required"] as? [String] ?? [] where object[name] == nil {
                Issue.record("\(place): \(name) is missing")
            }
            for (name, value) in object {
                // Described elsewhere, and open to more.
                if properties[name] == nil, schema["additionalProperties"] as? Bool == true { continue }
                let described = properties[name] ?? schema["additionalProperties"] as? Object
                guard let described else {
                    Issue.record("\(place): \(name) is not described")
                    continue
                }
                check(value, described, schemas, at: "\(place).\(name)")
            }
        case "array":
            guard let list = value as? [Any], let items = schema["items"] as? Object else {
                return Self.wrong(place)
            }
            for value in list { check(value, items, schemas, at: place) }
        case "string":
            guard let text = value as? String else { return Self.wrong(place) }
            if let words = schema["enum"] as? [String] { #expect(words.contains(text), "\(place)") }
        case "integer", "number", "boolean":
            if !(value is NSNumber) { Self.wrong(place) }
        default: Issue.record("\(place): the schema has no type")
        }
    }

    private static func wrong(_ place: String) { Issue.record("\(place) is of another kind") }
}

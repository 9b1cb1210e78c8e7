// One engine with several torrents, each for its own members: what Tests/Attacks tries to tell apart.
//
//   AttackTarget LISTEN FOLDER NAME=RULE,RULE …
//
// seeds each FOLDER/NAME for the members after it, prints where it listens and each torrent's info-hash, and then
// answers each line on standard input with the refusals so far. It ends with its input. JSON, an object a line.
import Foundation
import TorrentEngine

@main
struct AttackTarget {
    static func main() async throws {
        let arguments = Array(CommandLine.arguments.dropFirst())
        let engine = try await Engine.start(
            EngineConfiguration(listen: [ListenAddress(parsing: arguments[0])]))
        for endpoint in await engine.listeningEndpoints {
            print(["event": "listening", "address": "\(endpoint.address)", "port": Int(endpoint.port)])
        }
        var names: [Torrent.ID: String] = [:]
        for argument in arguments.dropFirst(2) {
            let parts = argument.split(separator: "=")
            let created = try await TorrentCreator().create(of: "\(arguments[1])/\(parts[0])")
            let members = try parts[1].split(separator: ",").map {
                Member(try AddressRule(parsing: String($0)), source: .inviteList)
            }
            let torrent = try await engine.add(
                created.metainfo,
                options: AddOptions(saveFolder: arguments[1], members: members, content: .complete))
            try await torrent.start(dialling: members.compactMap(\.endpoint))
            try await torrent.waitUntilFinished()
            names[torrent.id] = String(parts[0])
            print(["event": "torrent", "name": String(parts[0]), "infoHash": "\(torrent.infoHash)"])
        }
        print(["event": "ready"])
        while readLine() != nil { print(report(try await engine.refusals(), names)) }
        try await engine.shutdown()
    }

    private static func report(_ refusals: Refusals, _ names: [Torrent.ID: String]) -> [String: Any] {
        [
            "event": "refusals", "forgotten": refusals.forgotten,
            "totals": Dictionary(uniqueKeysWithValues: refusals.totals.map { ($0.rawValue, $1) }),
            "latest": refusals.latest.map { peer in
                [
                    "address": "\(peer.endpoint.address)", "reason": peer.reason.rawValue,
                    "tries": peer.tries,
                    "torrent": peer.torrent.flatMap { names[$0] } ?? "",
                    "direction": peer.direction.rawValue,
                ] as [String: Any]
            },
        ]
    }

    private static func print(_ object: [String: Any]) {
        guard var line = try? JSONSerialization.data(withJSONObject: object, options: .sortedKeys) else {
            return
        }
        line.append(0x0a)
        FileHandle.standardOutput.write(line)
    }
}

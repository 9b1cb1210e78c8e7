import Foundation
import PrivateTorrent
import TorrentEngine

/// A node that can be killed at any moment, for `Tests/Crash/run`: an engine and its state directory. It takes orders on
/// standard input, a line each, and says on standard output what it did, a JSON object a line.
///
///     CrashNode STATE LISTEN SAVE-MILLISECONDS
@main
enum CrashNode {
    static func main() async throws {
        let arguments = CommandLine.arguments
        if arguments.count >= 4, arguments[1] == "verify" {
            // Files that were renamed: INDEX=PATH each.
            let names = arguments.dropFirst(4).compactMap { text -> (Int, String)? in
                let parts = text.split(separator: "=", maxSplits: 1)
                return Int(parts[0]).map { ($0, String(parts[1])) }
            }
            let metainfo = try Metainfo(contentsOf: arguments[2])
                .renamingFiles(Dictionary(uniqueKeysWithValues: names))
            let found = try await PieceVerifier().verify(metainfo, in: arguments[3])
            say("verified", ["bytes": found.verifiedBytes, "pieces": UInt64(found.verifiedPieceCount)])
            return
        }
        guard arguments.count == 4, let interval = Int(arguments[3]) else {
            print(
                "usage: CrashNode STATE LISTEN SAVE-MILLISECONDS | CrashNode verify TORRENT FOLDER [FILE=PATH]..."
            )
            exit(64)
        }
        let engine = try await Engine.start(
            EngineConfiguration(
                listen: [ListenAddress(parsing: arguments[2])], progressInterval: .milliseconds(20)))
        let store = try await TorrentStore.open(
            arguments[1], engine: engine,
            options: TorrentStore.Options(saveInterval: .milliseconds(interval)))
        let node = Node(engine: engine, store: store)
        await node.begin()
        for await line in orders() {
            let words = line.split(separator: " ").map(String.init)
            guard words.first != "stop" else { break }
            do {
                try await node.take(words)
            } catch {
                say("failed", text: ["order": line, "reason": "\(error)"])
            }
        }
        let unsaved = await store.shutdown()
        say("ended", ["unsaved": UInt64(unsaved.count)])
        try await engine.shutdown()
    }

    /// Standard input blocks, and gets a thread of its own.
    private static func orders() -> AsyncStream<String> {
        let (stream, continuation) = AsyncStream.makeStream(of: String.self)
        Thread.detachNewThread {
            while let line = readLine() { continuation.yield(line) }
            continuation.finish()
        }
        return stream
    }

    static func say(_ event: String, _ numbers: [String: UInt64] = [:], text: [String: String] = [:]) {
        var object: [String: Any] = ["event": event]
        object.merge(numbers.mapValues { NSNumber(value: $0) }) { first, _ in first }
        object.merge(text) { first, _ in first }
        guard let data = try? JSONSerialization.data(withJSONObject: object, options: [.sortedKeys]) else {
            return
        }
        FileHandle.standardOutput.write(data + Data("\n".utf8))
    }
}

/// Carries out orders.
struct Node: Sendable {
    let engine: Engine
    let store: TorrentStore

    /// Says what the directory has, takes it up, and says what of it was there.
    func begin() async {
        let report = store.report
        CrashNode.say(
            "opened",
            ["unclean": report.wasUnclean ? 1 : 0, "problems": UInt64(report.problems.count)])
        for entry in await store.torrents {
            CrashNode.say(
                "kept",
                ["complete": entry.isComplete ? 1 : 0, "members": UInt64(entry.members.count)],
                text: ["infoHash": "\(entry.infoHash)", "folder": entry.saveFolder ?? ""])
        }
        let events = engine.events(buffering: 1 << 16)
        Task {
            for await event in events {
                guard case .checked(let bytes) = event.kind, let id = event.torrent else { continue }
                CrashNode.say("checked", ["bytes": bytes], text: ["torrent": "\(id)"])
            }
        }
        let failures = await store.restore()
        for (infoHash, error) in failures {
            CrashNode.say("notRestored", text: ["infoHash": "\(infoHash)", "reason": "\(error)"])
        }
        for entry in await store.torrents {
            for (file, path) in entry.names {
                CrashNode.say(
                    "named", ["file": UInt64(file)], text: ["infoHash": "\(entry.infoHash)", "path": path])
            }
        }
        let listen = await engine.listeningEndpoints.first.map { "\($0)" } ?? ""
        CrashNode.say("ready", ["failures": UInt64(failures.count)], text: ["listen": listen])
    }

    func take(_ words: [String]) async throws {
        switch (words.first, words.count) {
        case ("seed", 3): try await seed(words[1], rule: words[2])
        case ("fetch", 4): try fetch(InfoHash(parsing: words[1]), into: words[2], from: words[3])
        case ("limit", 3):
            try await store.setRateLimits(
                upload: UInt32(words[2]) ?? 0, download: 0, of: InfoHash(parsing: words[1]))
        case ("status", 2): try await status(InfoHash(parsing: words[1]))
        case ("save", 2): try await store.save(InfoHash(parsing: words[1]))
        case ("remove", 2):
            try await store.remove(InfoHash(parsing: words[1]))
            CrashNode.say("removed", text: ["infoHash": words[1]])
        case ("move", 3):
            try await store.move(InfoHash(parsing: words[1]), to: words[2])
            CrashNode.say("moved", text: ["infoHash": words[1]])
        case ("rename", 4):
            try await store.rename(InfoHash(parsing: words[1]), file: Int(words[2]) ?? -1, to: words[3])
            CrashNode.say("renamed", text: ["infoHash": words[1], "path": words[3]])
        case ("members", 3):
            let member = Member(try AddressRule(parsing: words[2]), source: .inviteList)
            try await store.setMembers([member], of: InfoHash(parsing: words[1]))
        default: CrashNode.say("unknown", text: ["order": words.joined(separator: " ")])
        }
    }

    private func seed(_ path: String, rule: String) async throws {
        var options = TorrentCreator.Options()
        options.pieceLengthBytes = 65536
        let created = try await TorrentCreator(options: options).create(of: path)
        let member = Member(try AddressRule(parsing: rule), source: .inviteList)
        _ = try await Seeder(store: store).seed(
            created.metainfo, in: created.savePath ?? "/", members: [member], isVerified: true,
            identities: created.identities)
        CrashNode.say(
            "seeding", ["bytes": created.metainfo.sizeBytes],
            text: [
                "infoHash": "\(created.metainfo.infoHash)",
                "files": created.metainfo.files.map(\.path).joined(separator: "\n"),
            ])
    }

    private func fetch(_ infoHash: InfoHash, into folder: String, from peer: String) throws {
        var request = FetchRequest(
            .infoHash(infoHash), into: folder,
            members: [Member(try AddressRule(parsing: peer), source: .inviteList)])
        request.seedsAfterwards = true
        Task { [request] in
            do {
                _ = try await Fetcher(store: store).fetch(request) { update in
                    guard case .started = update else { return }
                    CrashNode.say("added", text: ["infoHash": "\(infoHash)"])
                }
                CrashNode.say("finished", text: ["infoHash": "\(infoHash)"])
            } catch {
                CrashNode.say("failed", text: ["infoHash": "\(infoHash)", "reason": "\(error)"])
            }
        }
    }

    private func status(_ infoHash: InfoHash) async throws {
        guard let torrent = await store.torrent(infoHash) else {
            CrashNode.say("status", text: ["infoHash": "\(infoHash)", "state": "absent"])
            return
        }
        let status = try await torrent.status()
        CrashNode.say(
            "status",
            [
                "verified": status.verifiedBytes, "reused": status.reusedBytes,
                "received": status.receivedBytes, "sent": status.uploadedBytes, "size": status.contentBytes,
            ],
            text: ["infoHash": "\(infoHash)", "state": status.state.rawValue])
    }
}

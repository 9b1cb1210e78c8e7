// One engine for Tests/Soak, driven over standard input: SoakPeer HOST:PORT FOLDER
//
// A command is a line, `NUMBER VERB WORD …`; its answer is a line too, `NUMBER ok WORD …` or `NUMBER failed CODE TEXT`.
// Commands run at the same time, in no order.
import Glibc
import PrivateTorrent
import TorrentEngine

@main
struct SoakPeer {
    static func main() async throws {
        let arguments = CommandLine.arguments
        let engine = try await Engine.start(
            EngineConfiguration(listen: [ListenAddress(parsing: arguments[1])], connectionsLimit: 200))
        let peer = Peer(engine: engine, folder: arguments[2])
        say("0 ok \(await engine.listeningEndpoints[0])")
        for await line in lines() {
            let words = line.split(separator: " ").map(String.init)
            guard words.count >= 2 else { continue }
            if words[1] == "quit" { break }
            Task { await peer.run(words) }
        }
        try await engine.shutdown(within: .seconds(10))
    }

    /// Standard input, from a thread that may wait for it.
    private static func lines() -> AsyncStream<String> {
        AsyncStream { continuation in
            Task.detached {
                while let line = readLine() { continuation.yield(line) }
                continuation.finish()
            }
        }
    }

    /// Written at once, and whole.
    static func say(_ line: String) {
        let bytes = Array((line.split(separator: "\n").joined(separator: " ") + "\n").utf8)
        output.withLock { _ in _ = write(STDOUT_FILENO, bytes, bytes.count) }
    }

    private static let output = Locked(())
}

actor Peer {
    private let engine: Engine
    private let folder: String
    private var seeds: [String: Torrent] = [:]
    private var fetches: [String: Task<String, any Error>] = [:]

    init(engine: Engine, folder: String) {
        self.engine = engine
        self.folder = folder
    }

    func run(_ words: [String]) async {
        let number = words[0]
        do {
            SoakPeer.say("\(number) ok \(try await answer(number, words[1], Array(words.dropFirst(2))))")
        } catch let error as EngineError {
            SoakPeer.say("\(number) failed \(error.code) \(error)")
        } catch {
            SoakPeer.say("\(number) failed unknown \(error)")
        }
    }

    private func answer(_ number: String, _ verb: String, _ words: [String]) async throws -> String {
        switch verb {
        case "seed":  // NAME RULE …
            let created = try await TorrentCreator().create(of: "\(folder)/\(words[0])")
            let hash = created.metainfo.infoHash.description
            seeds[hash] = try await Seeder(engine: engine).seed(
                created.metainfo, in: folder, members: members(words.dropFirst()), isVerified: true,
                identities: created.identities)
            return hash
        case "fetch":  // HASH FOLDER SELECTION HOST:PORT …
            let request = FetchRequest(
                try TorrentReference(parsing: words[0]), into: "\(folder)/\(words[1])",
                members: try members(words.dropFirst(3)),
                selection: FileSelection(selecting: words[2] == "-" ? [] : [words[2]]))
            let engine = engine
            let task = Task { () async throws -> String in
                let result = try await Fetcher(engine: engine).fetch(request)
                return "\(result.name) \(result.downloadedBytes) \(result.reusedBytes)"
            }
            fetches[number] = task
            defer { fetches[number] = nil }
            return try await task.value
        case "cancel":  // NUMBER of the fetch
            fetches[words[0]]?.cancel()
        case "members":  // HASH RULE …
            try await seeds[words[0]]?.setMembers(members(words.dropFirst()))
        case "remove":  // HASH
            try await seeds.removeValue(forKey: words[0])?.remove()
        case "move":  // HASH FOLDER, below ours; - for ours
            try await seeds[words[0]]?.move(to: words[1] == "-" ? folder : "\(folder)/\(words[1])")
        case "stop": try await seeds[words[0]]?.stop()
        case "start": try await seeds[words[0]]?.start()
        case "limit":  // UP DOWN of the engine, of a class, and of each seed
            let limits = RateLimits(upload: UInt64(words[0]) ?? 0, download: UInt64(words[1]) ?? 0)
            try await engine.setRateLimits(limits)
            try await engine.setRateLimits(limits, of: .background)
            for torrent in seeds.values {
                try await torrent.setRateClass(limits.upload == 0 ? nil : .background)
                try await torrent.setRateLimits(
                    upload: UInt32(clamping: limits.upload), download: UInt32(clamping: limits.download))
            }
        case "count": return "\(seeds.count) \(fetches.count)"
        default: throw EngineError(.invalidArgument, verb, reason: "there is no such command")
        }
        return ""
    }

    private func members(_ rules: some Sequence<String>) throws -> [Member] {
        try rules.map { Member(try AddressRule(parsing: $0), source: .inviteList) }
    }
}

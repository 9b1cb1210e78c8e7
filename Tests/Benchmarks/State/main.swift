// Thousands of torrents in a state directory: what a restart takes, until all are seeded.
// Run by Tests/Benchmarks/state.py: StateBenchmark make FOLDER COUNT | StateBenchmark restart FOLDER
import Glibc
import PrivateTorrent
import TorrentEngine

let arguments = CommandLine.arguments
guard arguments.count >= 3, arguments[1] == "restart" || arguments.count == 4 else {
    print("usage: StateBenchmark make FOLDER COUNT | StateBenchmark restart FOLDER")
    exit(64)
}
let folder = arguments[2]
let clock = ContinuousClock()

func seconds(since start: ContinuousClock.Instant) -> Double {
    let elapsed = (clock.now - start).components
    return Double(elapsed.seconds) + Double(elapsed.attoseconds) / 1e18
}

/// Bytes of memory that are resident.
func resident() -> Int {
    guard let file = fopen("/proc/self/statm", "r") else { return 0 }
    defer { fclose(file) }
    var out = [UInt8](repeating: 0, count: 256)
    let count = fread(&out, 1, out.count, file)
    let words = String(decoding: out.prefix(count), as: UTF8.self).split(separator: " ")
    return words.count > 1 ? (Int(words[1]) ?? 0) * sysconf(Int32(_SC_PAGESIZE)) : 0
}

/// Torrents of 20,000 bytes in one file, each other than the rest.
func make(_ count: Int, in store: TorrentStore) async throws {
    let member = Member(try AddressRule(parsing: "127.0.0.2"), source: .inviteList)
    try await withThrowingTaskGroup(of: Void.self) { group in
        for number in 0..<count {
            if number >= 16 { try await group.next() }
            group.addTask {
                let path = "\(folder)/content/file \(number)"
                let file = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
                var block = [UInt64](repeating: UInt64(number), count: 2500)
                block[0] = UInt64(number) &* 0x9e37_79b9_7f4a_7c15
                _ = block.withUnsafeBytes { write(file, $0.baseAddress, $0.count) }
                close(file)
                let created = try await TorrentCreator().create(of: path)
                _ = try await Seeder(store: store).seed(
                    created.metainfo, in: created.savePath ?? "/", members: [member], isVerified: true,
                    identities: created.identities)
            }
        }
        try await group.waitForAll()
    }
}

if arguments[1] == "make", let count = Int(arguments[3]) {
    mkdir("\(folder)/content", 0o700)
    let engine = try await Engine.start()
    let store = try await TorrentStore.open("\(folder)/state", engine: engine)
    let start = clock.now
    try await make(count, in: store)
    print("made", count, seconds(since: start))
    let end = clock.now
    let unsaved = await store.shutdown(within: .seconds(60))
    print("shutdown", unsaved.count, seconds(since: end))
    try await engine.shutdown()
} else {
    let engine = try await Engine.start(
        EngineConfiguration(listen: [ListenAddress(parsing: "127.0.0.1:0")]))
    let before = resident()
    let start = clock.now
    let store = try await TorrentStore.open("\(folder)/state", engine: engine)
    print("opened", seconds(since: start))
    let failures = await store.restore()
    print("restored", seconds(since: start), failures.count)
    var seeding = 0
    let torrents = await store.torrents
    for entry in torrents {
        guard let torrent = await store.torrent(entry.infoHash) else { continue }
        try await torrent.waitUntilFinished(within: .seconds(60))
        seeding += 1
    }
    let took = seconds(since: start)
    let grown = resident() - before
    print("seeding", seeding, took, grown / max(1, seeding))
    let end = clock.now
    let unsaved = await store.shutdown(within: .seconds(60))
    print("shutdown", unsaved.count, seconds(since: end))
    try await engine.shutdown(within: .seconds(30))
}

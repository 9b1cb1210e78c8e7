// Reading in order against fetching without order: two seeds, one of them slow, and a leech, all in this process and on
// loopback, the two ways in turns. Run by Tests/Benchmarks/run: OrderedBenchmark FOLDER MEBIBYTES ROUNDS
import Glibc
import TorrentEngine

let arguments = CommandLine.arguments
guard arguments.count == 4, let mebibytes = Int(arguments[2]), let rounds = Int(arguments[3]), rounds > 0
else {
    print("usage: OrderedBenchmark FOLDER MEBIBYTES ROUNDS")
    exit(64)
}
let folder = arguments[1]

func median(_ values: [Double]) -> Double { values.sorted()[values.count / 2] }

func seconds(_ duration: Duration) -> Double {
    Double(duration.components.seconds) + Double(duration.components.attoseconds) / 1e18
}

/// Random enough that nothing on the way can compress it, and written once.
func writeContent() throws {
    let file = open("\(folder)/content", O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
    defer { close(file) }
    var state: UInt64 = 88_172_645_463_325_252
    var block = [UInt64](repeating: 0, count: 1 << 17)
    for _ in 0..<mebibytes {
        for index in block.indices {
            state ^= state << 13
            state ^= state >> 7
            state ^= state << 17
            block[index] = state
        }
        let written = block.withUnsafeBytes { write(file, $0.baseAddress, $0.count) }
        guard written == 1 << 20 else {
            throw EngineError(.inputOutput, "write the content", reason: String(cString: strerror(errno)))
        }
    }
}

func engine(_ address: String) async throws -> Engine {
    try await Engine.start(EngineConfiguration(listen: [ListenAddress(parsing: "\(address):0")]))
}

/// Seeds, and returns where.
func seed(_ metainfo: Metainfo, at address: String, limit: UInt32) async throws -> (Engine, PeerEndpoint) {
    let engine = try await engine(address)
    let members = [Member(try AddressRule(parsing: "127.0.0.3"), source: .inviteList)]
    let torrent = try await engine.add(
        metainfo,
        options: AddOptions(saveFolder: folder, members: members, content: .complete, uploadLimit: limit))
    try await torrent.start()
    try await torrent.waitUntilFinished()
    return (engine, await engine.listeningEndpoints[0])
}

/// Fetches everything; the seconds to the last byte, and to the first where it was read in order.
func fetch(
    _ metainfo: Metainfo, from seeds: [PeerEndpoint], inOrder: Bool
) async throws -> (whole: Double, first: Double) {
    let into = "\(folder)/copy"
    mkdir(into, 0o700)
    let engine = try await engine("127.0.0.3")
    let torrent = try await engine.add(
        metainfo,
        options: AddOptions(
            saveFolder: into, members: seeds.map { Member(try AddressRule($0), source: .invite) },
            content: .pieces([UInt8](repeating: 0, count: (metainfo.pieceCount + 7) / 8))))
    let start = ContinuousClock.now
    var first = Duration.zero
    try await torrent.start(dialling: seeds)
    if inOrder {
        var count: UInt64 = 0
        for try await chunk in torrent.bytes(of: metainfo) {
            if count == 0 { first = .now - start }
            count += UInt64(chunk.count)
        }
        guard count == metainfo.sizeBytes else { exit(70) }
    } else {
        try await torrent.waitUntilFinished()
    }
    let whole = ContinuousClock.now - start
    try await engine.shutdown(within: .seconds(30))
    unlink("\(into)/content")
    sync()
    return (seconds(whole), seconds(first))
}

try writeContent()
let metainfo = try await TorrentCreator().create(of: "\(folder)/content").metainfo
let fast = try await seed(metainfo, at: "127.0.0.1", limit: 0)
let slow = try await seed(metainfo, at: "127.0.0.2", limit: 4 << 20)
let seeds = [fast.1, slow.1]
var rates: [Bool: [Double]] = [:]
var firsts: [Double] = []
for round in 0...rounds {
    for inOrder in round % 2 == 0 ? [false, true] : [true, false] {
        let (whole, first) = try await fetch(metainfo, from: seeds, inOrder: inOrder)
        guard round > 0 else { continue }  // warms the page cache
        rates[inOrder, default: []].append(Double(mebibytes) / whole)
        if inOrder { firsts.append(first * 1000) }
    }
}
let (ordered, unordered) = (median(rates[true] ?? []), median(rates[false] ?? []))
print(
    "in order, \(mebibytes) MiB: median \(ordered) MiB/s, first chunk after \(median(firsts)) ms: \(rates[true] ?? [])"
)
print("without order: median \(unordered) MiB/s: \(rates[false] ?? [])")
print("in order to without: \(ordered / unordered)")
try await fast.0.shutdown()
try await slow.0.shutdown()
exit(ordered / unordered >= 0.8 ? 0 : 1)

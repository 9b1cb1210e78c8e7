// What rate limits hold to: each limit, against what goes over it in ten seconds, all on loopback and at the same time.
// Run by Tests/Benchmarks/run: LimitsBenchmark FOLDER BYTES-A-SECOND
import Glibc
import TorrentEngine

private enum Scope: String, CaseIterable {
    case engine, torrent
    case rateClass = "class"
}

private let window = 10

/// Two torrents between two engines, limited together, or (`torrent`) the first alone.
private struct Course {
    let scope: Scope
    let isUpload: Bool
    let rate: UInt64
    let number: Int

    func run(in folder: String) async throws -> (first: Double, next: Double) {
        let seed = try await engine("127.0.\(number).1")
        let leech = try await engine("127.0.\(number).2")
        let limited = isUpload ? seed : leech
        let limits = RateLimits(upload: isUpload ? rate : 0, download: isUpload ? 0 : rate)
        let rateClass = RateClass(rawValue: 3)
        var fetching: [Torrent] = []
        switch scope {
        case .engine: try await limited.setRateLimits(limits)
        case .rateClass: if let rateClass { try await limited.setRateLimits(limits, of: rateClass) }
        case .torrent: break
        }
        for index in 0..<(scope == .torrent ? 1 : 2) {
            let name = "\(scope.rawValue)-\(isUpload)-\(index)"
            try write("\(folder)/\(name)", seed: UInt64(number * 2 + index + 1))
            let metainfo = try await TorrentCreator().create(of: "\(folder)/\(name)").metainfo
            let here = AddOptions(
                saveFolder: folder, members: try members("127.0.\(number).2"), content: .complete)
            let seeding = try await seed.add(metainfo, options: here)
            let into = "\(folder)/\(name)-copy"
            mkdir(into, 0o700)
            let endpoint = await seed.listeningEndpoints[0]
            let copy = try await leech.add(
                metainfo, options: AddOptions(saveFolder: into, members: try members(endpoint.description)))
            let torrent = isUpload ? seeding : copy
            if scope == .torrent {
                try await torrent.setRateLimits(
                    upload: UInt32(limits.upload), download: UInt32(limits.download))
            } else if scope == .rateClass {
                try await torrent.setRateClass(rateClass)
            }
            try await seeding.start()
            try await seeding.waitUntilFinished()
            try await copy.waitUntilChecked()
            try await copy.start(dialling: [endpoint])
            fetching.append(copy)
        }
        // From the first byte, whatever burst there is, and again once it runs.
        while try await received(fetching) == 0 { try await Task.sleep(for: .milliseconds(10)) }
        let first = try await measure(fetching)
        let next = try await measure(fetching)
        try await leech.shutdown()
        try await seed.shutdown()
        return (first, next)
    }

    private func measure(_ torrents: [Torrent]) async throws -> Double {
        let (start, before) = (ContinuousClock.now, try await received(torrents))
        try await Task.sleep(for: .seconds(window))
        let bytes = try await received(torrents) - before
        let took = ContinuousClock.now - start
        let seconds = Double(took.components.seconds) + Double(took.components.attoseconds) / 1e18
        return Double(bytes) / seconds / Double(rate)
    }

    private func received(_ torrents: [Torrent]) async throws -> UInt64 {
        var sum: UInt64 = 0
        for torrent in torrents { sum += try await torrent.status().receivedBytes }
        return sum
    }

    private func engine(_ address: String) async throws -> Engine {
        try await Engine.start(EngineConfiguration(listen: [ListenAddress(parsing: "\(address):0")]))
    }

    private func members(_ rule: String) throws -> [Member] {
        [Member(try AddressRule(parsing: rule), source: .inviteList)]
    }

    /// More than goes over in the time, burst and all.
    private func write(_ path: String, seed: UInt64) throws {
        let file = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
        defer { close(file) }
        var state = seed &* 0x9e37_79b9_7f4a_7c15 | 1
        var block = [UInt64](repeating: 0, count: 1 << 17)
        for _ in 0...((Int(rate) * (2 * window + 10)) >> 20) {
            for index in block.indices {
                state ^= state << 13
                state ^= state >> 7
                state ^= state << 17
                block[index] = state
            }
            _ = block.withUnsafeBytes { write(file, $0.baseAddress, $0.count) }
        }
    }

    private func write(_ file: Int32, _ bytes: UnsafeRawPointer?, _ count: Int) -> Int {
        Glibc.write(file, bytes, count)
    }
}

@main
enum LimitsBenchmark {
    static func main() async throws {
        let arguments = CommandLine.arguments
        guard arguments.count == 3, let rate = UInt64(arguments[2]), rate > 0 else {
            print("usage: LimitsBenchmark FOLDER BYTES-A-SECOND")
            exit(64)
        }
        let folder = arguments[1]
        var courses: [Course] = []
        for scope in Scope.allCases {
            for isUpload in [true, false] {
                courses.append(
                    Course(scope: scope, isUpload: isUpload, rate: rate, number: courses.count + 1))
            }
        }
        print(
            "limit of \(rate) bytes a second; measured of it in \(window) s from the first byte, and in the next"
        )
        let areWithin = try await withThrowingTaskGroup(of: Bool.self) { group in
            for course in courses {
                group.addTask {
                    let (first, next) = try await course.run(in: folder)
                    let isGood = abs(first - 1) <= 0.05 && abs(next - 1) <= 0.05
                    let way = course.isUpload ? "up" : "down"
                    print(
                        "\(course.scope.rawValue)\t\(way)\t\(percent(first))\t\(percent(next))\t\(isGood ? "ok" : "OFF")"
                    )
                    return isGood
                }
            }
            var all = true
            for try await isGood in group { all = all && isGood }
            return all
        }
        exit(areWithin ? 0 : 1)
    }

    private static func percent(_ value: Double) -> String { "\((value * 1000).rounded() / 10) %" }
}

import Foundation

@testable import TorrentEngine

/// An engine, two others that have all of the content, and what must be true of the first one's torrents.
actor EngineModel {
    /// A torrent that the engine should have.
    struct Entry {
        var torrent: Torrent
        var isStarted = false
        /// By info-hash, and its metadata was not accepted yet.
        var lacksMetadata: Bool
        /// Of files that were renamed, by their place in the torrent.
        var names: [Int: String] = [:]
    }

    struct Content {
        let metainfo: Metainfo
        let bytes: [String: [UInt8]]
    }

    private(set) var problems: [String] = []
    private(set) var trace: [String] = []

    private let folder: TemporaryFolder
    private let engine: Engine
    private let others: [Engine]
    private let endpoints: [PeerEndpoint]
    private let contents: [Content]
    private var entries: [Int: Entry] = [:]
    /// Torrents that were removed: they must stay unknown.
    private var gone: [Torrent] = []
    private var renamings = 0
    private var usedIDs: Set<Torrent.ID> = []
    /// Calls that wait for something, each of which must end.
    private var waits: [Task<Void, Never>] = []
    private var dice: Dice

    init(seed: UInt64) async throws {
        var dice = Dice(state: seed)
        folder = try TemporaryFolder()
        var contents: [Content] = []
        for index in 0..<3 {
            var bytes: [String: [UInt8]] = [:]
            for name in ["a", "b", "c"] {
                bytes[name] = noise(
                    Int.random(in: 1...150_000, using: &dice), seed: UInt64.random(in: 1...999, using: &dice))
                try folder.write("have/t\(index)/\(name)", bytes[name] ?? [])
            }
            var options = TorrentCreator.Options()
            options.pieceLengthBytes = 16 << 10
            contents.append(
                Content(
                    metainfo: try await TorrentCreator(options: options).create(
                        of: folder.full("have/t\(index)")
                    )
                    .metainfo, bytes: bytes))
        }
        self.contents = contents
        engine = try await Engine.start(EngineConfiguration(listen: [ListenAddress(parsing: "127.0.0.1:0")]))
        try folder.makeFolder("out")
        let me = try EngineFixture.members(["127.0.0.1"])
        var others: [Engine] = []
        var endpoints: [PeerEndpoint] = []
        for host in 2...3 {
            let other = try await Engine.start(
                EngineConfiguration(listen: [ListenAddress(parsing: "127.0.0.\(host):0")]))
            for content in contents {
                let torrent = try await other.add(
                    content.metainfo,
                    options: AddOptions(
                        saveFolder: folder.full("have"), members: me, content: .complete, uploadLimit: 400_000
                    ))
                try await torrent.start()
                try await torrent.waitUntilFinished()
            }
            others.append(other)
            endpoints += await other.listeningEndpoints
        }
        self.others = others
        self.endpoints = endpoints
        self.dice = dice
    }

    private var members: [Member] { endpoints.compactMap { try? Member(AddressRule($0), source: .invite) } }

    // MARK: - Steps

    func step() async throws {
        let slot = Int.random(in: contents.indices, using: &dice)
        switch Int.random(in: 0..<20, using: &dice) {
        case 0...3: await add(slot)
        case 4...5: await remove(slot)
        case 6: await removeAmongCalls(slot)
        case 7: await removeTwice(slot)
        default: await call(slot)
        }
        if Int.random(in: 0..<4, using: &dice) == 0 {
            try await Task.sleep(for: .milliseconds(Int.random(in: 0...40, using: &dice)))
        }
        await compare(slot)
    }

    private func add(_ slot: Int) async {
        let content = contents[slot]
        let byHash = Bool.random(using: &dice)
        let bits = [UInt8](repeating: 0, count: (content.metainfo.pieceCount + 7) / 8)
        let options = AddOptions(
            saveFolder: folder.full("out"), members: Bool.random(using: &dice) ? members : [],
            content: Bool.random(using: &dice) ? .unknown : .pieces(bits),
            isSequential: Bool.random(using: &dice),
            filePriorities: Bool.random(using: &dice) ? nil : [4, 0, 7])
        let engine = engine
        let outcome = await answer("add \(slot) \(byHash ? "by hash" : "")") { () throws(EngineError) in
            byHash
                ? try await engine.add(content.metainfo.infoHash, options: options)
                : try await engine.add(content.metainfo, options: options)
        }
        switch outcome {
        case .success(let torrent):
            if entries[slot] != nil { problems.append("added twice") }
            if !usedIDs.insert(torrent.id).inserted { problems.append("the ID \(torrent.id) is used again") }
            entries[slot] = Entry(torrent: torrent, lacksMetadata: byHash)
        case .failure(let error):
            if entries[slot] == nil || error.code != .duplicateTorrent { problems.append("add: \(error)") }
        }
    }

    private func remove(_ slot: Int) async {
        guard let entry = entries.removeValue(forKey: slot) else { return }
        await expect("remove \(slot)", [nil]) { () throws(EngineError) in try await entry.torrent.remove() }
        leave(entry.torrent)
    }

    /// Every kind of call is under way when it is removed: each gets its answer.
    private func removeAmongCalls(_ slot: Int) async {
        guard let entry = entries.removeValue(forKey: slot) else { return }
        trace.append("remove \(slot) among calls")
        let torrent = entry.torrent
        let calls = (0..<4).map { _ in Task { await self.call(slot, torrent, mayBeGone: true) } }
        await expect("remove \(slot)", [nil]) { () throws(EngineError) in try await torrent.remove() }
        for call in calls { await call.value }
        leave(torrent)
    }

    private func removeTwice(_ slot: Int) async {
        guard let entry = entries.removeValue(forKey: slot) else { return }
        trace.append("remove \(slot) twice")
        let second = Task {
            await self.expect("remove again", [nil, .torrentNotFound]) { () throws(EngineError) in
                try await entry.torrent.remove()
            }
        }
        await expect("remove \(slot)", [nil, .torrentNotFound]) { () throws(EngineError) in
            try await entry.torrent.remove()
        }
        await second.value
        leave(entry.torrent)
    }

    private func leave(_ torrent: Torrent) {
        gone.append(torrent)
        if gone.count > 20 { gone.removeFirst() }
    }

    private func call(_ slot: Int) async {
        if let entry = entries[slot] {
            await call(slot, entry.torrent, mayBeGone: false)
        } else if let torrent = gone.randomElement(using: &dice) {
            await expect("a call to what is gone", [.torrentNotFound]) { () throws(EngineError) in
                try await torrent.start()
            }
        }
    }

    private func call(_ slot: Int, _ torrent: Torrent, mayBeGone: Bool) async {
        let lacksMetadata = entries[slot]?.lacksMetadata ?? true
        let maybe: Set<EngineError.Code?> = mayBeGone ? [.torrentNotFound] : []
        let ok = maybe.union([nil])
        let metainfo = contents[slot].metainfo
        switch Int.random(in: 0..<16, using: &dice) {
        case 0...3:
            let peers = Bool.random(using: &dice) ? endpoints : []
            await expect("start \(slot)", ok) { () throws(EngineError) in
                try await torrent.start(dialling: peers)
            }
            entries[slot]?.isStarted = true
        case 4:
            await expect("stop \(slot)", ok) { () throws(EngineError) in try await torrent.stop() }
            entries[slot]?.isStarted = false
        case 5:
            let some = Array(members.prefix(Int.random(in: 0...2, using: &dice)))
            await expect("members \(slot)", ok) { () throws(EngineError) in try await torrent.setMembers(some)
            }
        case 6:
            let wanted = (0..<3).map { _ in UInt8.random(in: 0...7, using: &dice) }
            await expect("priorities \(slot) \(wanted)", ok) { () throws(EngineError) in
                try await torrent.setFilePriorities(wanted)
            }
        case 7:
            let isOn = Bool.random(using: &dice)
            await expect("sequential \(slot)", ok) { () throws(EngineError) in
                try await torrent.setSequential(isOn)
                try await torrent.setRateClass(isOn ? RateClass(rawValue: 1) : nil)
                try await torrent.setRateLimits(upload: 0, download: isOn ? 200_000 : 0)
            }
        case 8:
            await expect("resume data \(slot)", ok.union([.wrongState])) { () throws(EngineError) in
                _ = try await torrent.resumeData()
            }
        case 9:
            await expect("look \(slot)", ok.union([.wrongState])) { () throws(EngineError) in
                _ = try await torrent.status()
                _ = try await torrent.peers()
                _ = try await torrent.verifiedPieces()
                _ = try await torrent.files()
            }
        case 10...11:
            // Accepting is right once it is held, and only once.
            guard lacksMetadata, !mayBeGone else { return }
            let outcome = await answer("accept \(slot)") { () throws(EngineError) in
                try await torrent.acceptMetadata(metainfo)
            }
            switch outcome {
            case .success: entries[slot]?.lacksMetadata = false
            case .failure(let error) where error.code == .wrongState: break
            case .failure(let error): problems.append("accept: \(error)")
            }
        case 15: await rename(slot, torrent, ok)
        case 12: wait(torrent, for: .finished, "finished \(slot)")
        case 13: wait(torrent, for: lacksMetadata ? .metadata : .checked, "known \(slot)")
        default: read(torrent, metainfo, "read \(slot)")
        }
    }

    private func rename(_ slot: Int, _ torrent: Torrent, _ ok: Set<EngineError.Code?>) async {
        let file = Int.random(in: 0..<3, using: &dice)
        let isTaken = Int.random(in: 0..<4, using: &dice) == 0
        renamings += 1
        let other = contents[slot].metainfo.files[(file + 1) % 3].path
        let name = isTaken ? entries[slot]?.names[(file + 1) % 3] ?? other : "t\(slot)/new/\(renamings)"
        let outcome = await answer("rename \(slot) \(file) to \(name)") { () throws(EngineError) in
            try await torrent.rename(file: file, to: name)
        }
        switch outcome {
        case .success:
            if isTaken { problems.append("\(name) was given twice") }
            if entries[slot]?.torrent == torrent { entries[slot]?.names[file] = name }
        case .failure(let error):
            let allowed = ok.union([.wrongState, isTaken ? .fileExists : .wrongState])
            if !allowed.contains(error.code) { problems.append("rename \(slot): \(error)") }
        }
    }

    // MARK: - Calls that wait

    private func wait(_ torrent: Torrent, for milestone: TorrentRecord.Milestone, _ what: String) {
        let isCancelled = Bool.random(using: &dice)
        let limit = Duration.milliseconds(Int.random(in: 0...300, using: &dice))
        trace.append("wait \(what) \(isCancelled ? "cancelled" : "") \(limit)")
        let waiting = Task { () async -> EngineError? in
            do throws(EngineError) {
                try await torrent.engine.wait(for: milestone, of: torrent.id, within: limit)
                return nil
            } catch { return error }
        }
        if isCancelled { waiting.cancel() }
        end(waiting, what, [.timedOut, .cancelled, .torrentNotFound])
    }

    private func read(_ torrent: Torrent, _ metainfo: Metainfo, _ what: String) {
        trace.append(what)
        let first = UInt64.random(in: 0..<metainfo.sizeBytes, using: &dice)
        let limit = Duration.milliseconds(Int.random(in: 0...300, using: &dice))
        let reading = Task { () async -> EngineError? in
            do throws(EngineError) {
                var reader = torrent.bytes(of: metainfo, in: first..<first + 40_000).makeAsyncIterator()
                while try await reader.next() != nil {}
                return nil
            } catch { return error }
        }
        Task {
            try? await Task.sleep(for: limit)
            reading.cancel()
        }
        end(reading, what, [.cancelled, .torrentNotFound, .wrongState])
    }

    private func end(_ task: Task<EngineError?, Never>, _ what: String, _ allowed: Set<EngineError.Code>) {
        waits.append(
            Task {
                let outcome = await self.answer(what) { () throws(EngineError) in
                    if let error = await task.value { throw error }
                }
                if case .failure(let error) = outcome, !allowed.contains(error.code) {
                    self.problems.append("\(what): \(error)")
                }
            })
    }

    /// The answer, which must come within a minute.
    private func answer<Value: Sendable>(
        _ what: String, _ body: @escaping @Sendable () async throws(EngineError) -> Value
    ) async -> Result<Value, EngineError> {
        trace.append(what)
        let (outcomes, outcome) = AsyncStream.makeStream(of: Result<Value, EngineError>.self)
        let call = Task {
            do throws(EngineError) { outcome.yield(.success(try await body())) } catch {
                outcome.yield(.failure(error))
            }
        }
        let watch = Task {
            guard (try? await Task.sleep(for: .seconds(60))) != nil else { return }
            outcome.yield(.failure(EngineError(.internalFailure, what, reason: "no answer within a minute")))
        }
        defer {
            watch.cancel()
            call.cancel()
        }
        for await first in outcomes { return first }
        return .failure(EngineError(.internalFailure, what, reason: "no answer"))
    }

    private func expect(
        _ what: String, _ allowed: Set<EngineError.Code?>,
        _ body: @escaping @Sendable () async throws(EngineError) -> Void
    ) async {
        var code: EngineError.Code?
        var reason = "done"
        if case .failure(let error) = await answer(what, body) { (code, reason) = (error.code, "\(error)") }
        if !allowed.contains(code) { problems.append("\(what): \(reason)") }
    }

    // MARK: - What must hold

    private func compare(_ slot: Int) async {
        if let entry = entries[slot] {
            let outcome = await answer("status \(slot)") { () throws(EngineError) in
                try await entry.torrent.status()
            }
            switch outcome {
            case .success(let status):
                if status.isStarted != entry.isStarted {
                    problems.append("\(slot): started is \(status.isStarted)")
                }
                if status.state == .failed { problems.append("\(slot) failed") }
                let hasNone = status.state == .metadata || status.state == .held
                if hasNone != entry.lacksMetadata { problems.append("\(slot) is in state \(status.state)") }
                if status.wantedVerifiedBytes > status.wantedBytes {
                    problems.append("\(slot): more than wanted")
                }
            case .failure(let error): problems.append("status: \(error)")
            }
        }
        if let torrent = gone.last {
            await expect("status of what is gone", [.torrentNotFound]) { () throws(EngineError) in
                _ = try await torrent.status()
            }
        }
    }

    /// Whatever was done: each can be brought to its end; and when all are removed, nothing is left.
    func end() async throws {
        for slot in contents.indices where problems.isEmpty {
            if entries[slot] == nil { await add(slot) }
            guard let entry = entries[slot] else { continue }
            let (torrent, metainfo) = (entry.torrent, contents[slot].metainfo)
            let (members, endpoints) = (members, endpoints)
            await expect("finish \(slot)", [nil]) { () throws(EngineError) in
                try await torrent.setMembers(members)
                try await torrent.setFilePriorities([])
                try await torrent.setRateLimits(upload: 0, download: 0)
                try await torrent.start(dialling: endpoints)
                if entry.lacksMetadata {
                    _ = try await torrent.metadata()
                    try await torrent.acceptMetadata(metainfo)
                }
                try await torrent.waitUntilFinished()
            }
            entries[slot]?.isStarted = true
            entries[slot]?.lacksMetadata = false
            for (index, file) in metainfo.files.enumerated() where problems.isEmpty {
                let bytes = contents[slot].bytes[String(file.path.suffix(1))]
                let file = folder.full("out/\(entries[slot]?.names[index] ?? file.path)")
                if try [UInt8](Data(contentsOf: URL(fileURLWithPath: file))) != bytes {
                    problems.append("\(file) is not what was shared")
                }
            }
        }
        for wait in waits { await wait.value }
        for slot in contents.indices { await remove(slot) }
        let left = await engine.unanswered
        if left != 0 { problems.append("\(left) calls are open in the end") }
        let open = Self.openFiles(below: folder.full("out"))
        if !open.isEmpty { problems.append("still open: \(open)") }
        if folder.entries("out").contains(where: { $0.hasSuffix(".parts") }) {
            problems.append("a part file")
        }
        for engine in [engine] + others { try await engine.shutdown() }
    }

    private static func openFiles(below folder: String) -> [String] {
        let numbers = (try? FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd")) ?? []
        return numbers.compactMap {
            try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/fd/\($0)")
        }
        .filter { $0.hasPrefix(folder) }
    }
}

extension Engine {
    /// Questions that wait for an answer, in all tables, and torrents that are remembered.
    fileprivate var unanswered: Int {
        milestones.count + resumeData.count + removals.count + pieceData.count + records.count + moves.count
    }
}

extension TemporaryFolder {
    fileprivate func entries(_ relative: String) -> [String] {
        FileManager.default.subpaths(atPath: full(relative)) ?? []
    }
}

/// The same in every run (Knuth's linear congruential generator, its upper half).
private struct Dice: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 { UInt64(draw()) << 32 | UInt64(draw()) }

    private mutating func draw() -> UInt32 {
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        return UInt32(truncatingIfNeeded: state >> 32)
    }
}

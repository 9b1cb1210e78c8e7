import Foundation
import Testing

@testable import TorrentEngine

@Suite(.timeLimit(.minutes(5)))
struct EngineLifetimeTests {
    @Test("An engine that is shut down right after its start ends in time")
    func endedAtOnce() async throws {
        for _ in 0..<100 {
            let engine = try await Engine.start(EngineConfiguration())
            try await engine.shutdown(within: .seconds(30))
        }
    }

    @Test("Shutdown ends every wait, and what follows says so")
    func shutdownEndsWaits() async throws {
        let fixture = try await EngineFixture()
        let torrent = try await fixture.engine.add(
            InfoHash(parsing: String(repeating: "2", count: 40)),
            options: AddOptions(saveFolder: fixture.folder.path))
        let waiting = Task { () async -> EngineError? in
            do throws(EngineError) {
                try await torrent.waitUntilFinished()
                return nil
            } catch { return error }
        }
        let events = fixture.engine.events()
        while !(await fixture.engine.isWaiting(for: torrent.id)) { await Task.yield() }
        try await fixture.engine.shutdown()
        #expect(await waiting.value?.code == .shutDown)
        for await _ in events {}  // ends
        let late = await #expect(throws: EngineError.self) { try await torrent.status() }
        #expect(late?.code == .shutDown)
        try await fixture.engine.shutdown()
    }

    @Test("Waits end by cancellation and by their time limit")
    func waitsEnd() async throws {
        let fixture = try await EngineFixture()
        let torrent = try await fixture.engine.add(
            InfoHash(parsing: String(repeating: "2", count: 40)),
            options: AddOptions(saveFolder: fixture.folder.path))
        let late = await #expect(throws: EngineError.self) {
            try await torrent.metadata(within: .milliseconds(20))
        }
        #expect(late?.code == .timedOut)
        let cancelled = Task { () async -> EngineError? in
            do throws(EngineError) {
                try await torrent.waitUntilFinished()
                return nil
            } catch { return error }
        }
        cancelled.cancel()
        #expect(await cancelled.value?.code == .cancelled)
        try await fixture.engine.shutdown()
    }

    @Test("A removed torrent is gone for good; its info-hash can be added again, under a new ID")
    func removed() async throws {
        let fixture = try await EngineFixture()
        let torrent = try await fixture.seed("a", allowing: [])
        let duplicate = await #expect(throws: EngineError.self) { try await fixture.seed("a", allowing: []) }
        #expect(duplicate?.code == .duplicateTorrent)
        try await torrent.remove()
        let gone = await #expect(throws: EngineError.self) { try await torrent.status() }
        #expect(gone?.code == .torrentNotFound)
        let again = try await fixture.seed("a", allowing: [])
        #expect(again.id != torrent.id)
        #expect(try await again.status().state == .seeding)
        try await fixture.engine.shutdown()
    }

    @Test("A port that is taken is an error, with what to do")
    func portTaken() async throws {
        let fixture = try await EngineFixture()
        let error = await #expect(throws: EngineError.self) {
            try await Engine.start(
                EngineConfiguration(listen: [ListenAddress(parsing: fixture.endpoint.description)]))
        }
        #expect(error?.code == .addressInUse)
        #expect(error?.remedy != nil)
        let elsewhere = await #expect(throws: EngineError.self) {
            try await Engine.start(EngineConfiguration(listen: [ListenAddress(parsing: "192.0.2.1:0")]))
        }
        #expect(elsewhere?.code == .addressNotAvailable)
        try await fixture.engine.shutdown()
    }

    @Test("A subscriber that does not listen gets a gap, not silence, and costs no memory")
    func gap() async throws {
        let hub = EventHub<EngineEvent> { missed, next in
            EngineEvent(sequence: next.sequence, torrent: nil, kind: .gap(missed))
        }
        let events = hub.subscribe(buffering: 2)
        for sequence in 1...5 {
            hub.send(EngineEvent(sequence: UInt64(sequence), torrent: nil, kind: .progress))
        }
        var iterator = events.makeAsyncIterator()
        #expect(await iterator.next()?.sequence == 1)
        #expect(await iterator.next()?.sequence == 2)
        hub.send(EngineEvent(sequence: 6, torrent: nil, kind: .progress))
        guard case .gap(let missed) = await iterator.next()?.kind else {
            Issue.record("no gap")
            return
        }
        #expect(missed == 3)
        #expect(await iterator.next()?.sequence == 6)
        hub.finish()
        #expect(await iterator.next() == nil)
    }

    /// `PRIVATETORRENT_CYCLES` sets how many, in a run of this test alone; CI runs 100.
    @Test("Engines that come and go in the middle of transfers leave no descriptor, thread or memory behind")
    func cycles() async throws {
        let environment = ProcessInfo.processInfo.environment
        let asked = environment["PRIVATETORRENT_CYCLES"].flatMap(Int.init)
        let cycles = asked ?? 10
        let fixture = try await EngineFixture()
        let torrent = try await fixture.seed("a", allowing: ["127.0.0.2"])
        let big = try await fixture.metainfo("big", bytes: 4 << 20)
        _ = try await fixture.seed(big, allowing: ["127.0.0.2"], uploadLimit: 1 << 20)
        var before: ProcessResources?
        for cycle in 0..<cycles {
            let engine = try await Engine.start(
                EngineConfiguration(listen: [ListenAddress(parsing: "127.0.0.2:0")]))
            try fixture.folder.makeFolder("out")
            let out = fixture.folder.full("out")
            let members = [Member(try AddressRule(fixture.endpoint), source: .invite)]
            let small = try await engine.add(
                torrent.infoHash, options: AddOptions(saveFolder: out, members: members))
            let live = try await engine.add(
                big,
                options: AddOptions(
                    saveFolder: out, members: members, content: .pieces([UInt8](repeating: 0, count: 64))))
            let events = engine.events()
            try await small.start(dialling: [fixture.endpoint])
            try await live.start(dialling: [fixture.endpoint])
            try await small.acceptMetadata(small.metadata())
            try await small.waitUntilFinished()
            for await event in events { if case .progress = event.kind, event.torrent == live.id { break } }
            try await engine.shutdown()
            try FileManager.default.removeItem(atPath: out)
            if cycle == min(cycles / 2, 50) { before = ProcessResources.now }
        }
        let after = ProcessResources.now
        let first = try #require(before)
        // Tests that run beside this one have engines too, and a sanitizer keeps memory that was freed.
        if asked != nil || environment["PRIVATETORRENT_TESTS_ALONE"] != nil {
            #expect(after.descriptors <= first.descriptors + 2)
            #expect(after.threads <= first.threads + 2)
        }
        if asked != nil {
            #expect(
                after.memory < first.memory + 16 << 20, "grew from \(first.memory) to \(after.memory) bytes")
        }
        try await fixture.engine.shutdown()
    }
}

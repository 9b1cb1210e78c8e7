import NodeInterface
import NodeSupport
import PrivateTorrentTesting
import Testing

@Suite("InMemorySignalBus", .timeLimit(.minutes(1)))
struct InMemorySignalBusTests {
    private let clock = TestClock()

    private func signal(
        _ id: String = "s", from: String = "a", to: String = "b", ttl: Duration = .seconds(60),
        after delay: Duration = .zero, channels: [SignalChannelKind] = [.mesh]
    ) -> Signal {
        Signal(
            signalID: id, fromPeerID: from, toPeerID: to, sentAt: clock.wallTime.advanced(by: delay),
            body: .jobCancel(JobCancel(jobID: "j", requestSignalID: "r")), ttl: ttl,
            preferredChannels: channels)
    }

    private func bus(_ change: (inout SignalBusOptions) -> Void = { _ in }) -> InMemorySignalBus {
        var options = SignalBusOptions()
        change(&options)
        return InMemorySignalBus(localPeerID: "b", options: options, clock: clock.nodeClock)
    }

    /// What became of a signal that arrives from `a`.
    private func arrive(_ signal: Signal, at bus: InMemorySignalBus, from: String = "a") async throws
        -> SignalDrop?
    {
        await bus.receive(try SignalCodec.encode(signal), from: from, over: .mesh)
    }

    @Test("each drop has its reason, and is counted")
    func drops() async throws {
        let bus = bus()
        #expect(try await arrive(signal(), at: bus) == .noReader)
        var arrivals = await bus.signals().makeAsyncIterator()
        #expect(try await arrive(signal(), at: bus) == nil)
        #expect(await arrivals.next() == ReceivedSignal(signal: signal(), channel: .mesh))
        #expect(try await arrive(signal(), at: bus) == .duplicate)
        #expect(try await arrive(signal("2", from: "c"), at: bus) == .spoofedSender)
        #expect(try await arrive(signal("3", to: "c"), at: bus) == .wrongAddressee)
        #expect(try await arrive(signal("4", after: .seconds(121)), at: bus) == .skewed)
        #expect(try await arrive(signal("5", after: .seconds(120)), at: bus) == nil)
        #expect(try await arrive(signal("6", ttl: .seconds(3601)), at: bus) == .skewed)
        #expect(try await arrive(signal("7", after: .seconds(-60)), at: bus) == .expired)
        #expect(await bus.receive([UInt8](repeating: 32, count: 65537), from: "a", over: .mesh) == .oversize)
        #expect(await bus.receive([UInt8](repeating: 91, count: 100), from: "a", over: .mesh) == .oversize)
        #expect(await bus.receive([], from: "a", over: .mesh) == .malformed)
        let later = String(decoding: try SignalCodec.encode(signal()), as: UTF8.self)
            .replacing("Swarm.JobCancel", with: "Pod.Hello")
        #expect(await bus.receive(Array(later.utf8), from: "a", over: .mesh) == .unknownType)
        #expect(
            await bus.statistics.drops == [
                .noReader: 1, .duplicate: 1, .spoofedSender: 1, .wrongAddressee: 1, .skewed: 2, .expired: 1,
                .oversize: 2, .malformed: 1, .unknownType: 1,
            ])
        #expect(await bus.statistics.delivered == 2)
    }

    @Test("a signal that expires while it travels is dropped")
    func expiry() async throws {
        let bus = bus()
        let arrivals = await bus.signals()
        let signal = signal()
        clock.advance(by: .seconds(59))
        #expect(try await arrive(signal, at: bus) == nil)
        clock.advance(by: .seconds(1))
        #expect(try await arrive(signal, at: bus) == .expired)
        withExtendedLifetime(arrivals) {}
    }

    @Test("the same ID of two senders is two signals")
    func perSender() async throws {
        let bus = bus()
        let arrivals = await bus.signals()
        #expect(try await arrive(signal(), at: bus) == nil)
        #expect(try await arrive(signal(from: "c"), at: bus, from: "c") == nil)
        #expect(try await arrive(signal(from: "c"), at: bus, from: "c") == .duplicate)
        withExtendedLifetime(arrivals) {}
    }

    @Test("the least recently used ID is the one that is forgotten")
    func leastRecentlyUsed() async throws {
        let bus = bus { $0.rememberedPerSender = 3 }
        let arrivals = await bus.signals()
        for id in ["1", "2", "3"] { #expect(try await arrive(signal(id), at: bus) == nil) }
        #expect(try await arrive(signal("1"), at: bus) == .duplicate)
        #expect(try await arrive(signal("4"), at: bus) == nil)
        #expect(try await arrive(signal("1"), at: bus) == .duplicate)
        #expect(try await arrive(signal("2"), at: bus) == nil)
        #expect(try await arrive(signal("3"), at: bus) == nil)
        withExtendedLifetime(arrivals) {}
    }

    @Test("10,000 IDs of a sender are remembered, and one sender's flood takes nothing from another's memory")
    func floods() async throws {
        let bus = bus {
            $0.burstPerSender = 100_000
            $0.waitingPerReader = 100_000
        }
        let arrivals = await bus.signals()
        #expect(try await arrive(signal("mine", from: "c"), at: bus, from: "c") == nil)
        for id in 0..<10_000 { #expect(try await arrive(signal("\(id)"), at: bus) == nil) }
        for id in [0, 5000, 9999] { #expect(try await arrive(signal("\(id)"), at: bus) == .duplicate) }
        #expect(try await arrive(signal("mine", from: "c"), at: bus, from: "c") == .duplicate)
        withExtendedLifetime(arrivals) {}
    }

    @Test("who sends too many is held back, before anything is parsed, and nobody else is")
    func rateLimit() async throws {
        let bus = bus {
            $0.burstPerSender = 3
            $0.signalsPerSecondPerSender = 1
        }
        let arrivals = await bus.signals()
        for _ in 0..<3 { #expect(await bus.receive([0], from: "a", over: .mesh) == .malformed) }
        #expect(await bus.receive([0], from: "a", over: .mesh) == .rateLimited)
        #expect(try await arrive(signal(), at: bus) == .rateLimited)
        #expect(try await arrive(signal(from: "c"), at: bus, from: "c") == nil)
        clock.advance(by: .seconds(1))
        #expect(try await arrive(signal(), at: bus) == nil)
        #expect(try await arrive(signal(), at: bus) == .rateLimited)
        withExtendedLifetime(arrivals) {}
    }

    @Test("a reader that does not keep up loses signals, which may be sent again")
    func slowReader() async throws {
        let bus = bus { $0.waitingPerReader = 2 }
        var arrivals = await bus.signals().makeAsyncIterator()
        #expect(try await arrive(signal("1"), at: bus) == nil)
        #expect(try await arrive(signal("2"), at: bus) == nil)
        #expect(try await arrive(signal("3"), at: bus) == .readerTooSlow)
        #expect(await arrivals.next()?.signal.signalID == "1")
        #expect(try await arrive(signal("3"), at: bus) == nil)
    }

    @Test("channels are tried in the order that the signal prefers, until one takes it")
    func channels() async throws {
        let other = InMemorySignalBus(localPeerID: "a", clock: clock.nodeClock)
        let bus = bus()
        let mesh = FakeSignalLink(kind: .mesh, from: "b", to: other) { _ in .declined }
        let extensionChannel = FakeSignalLink(kind: .btExtension, from: "b", to: other)
        let direct = FakeSignalLink(kind: .direct, from: "b", to: other)
        for channel in [direct, extensionChannel, mesh] { await bus.add(channel) }
        let all = signal("1", from: "b", to: "a", channels: [.mesh, .btExtension, .direct])
        try await bus.send(all)
        #expect(extensionChannel.taken == [all])
        #expect(direct.taken.isEmpty)
        try await bus.send(signal("2", from: "b", to: "a", channels: [.direct, .btExtension]))
        #expect(direct.taken.count == 1)
        let error = await #expect(throws: BackendError.self) {
            try await bus.send(signal("3", from: "b", to: "a", channels: [.mesh]))
        }
        #expect(error?.code == .noPeer)
        await bus.removeChannels(of: .direct)
        await #expect(throws: BackendError.self) {
            try await bus.send(signal("4", from: "b", to: "a", channels: [.direct]))
        }
        #expect(await bus.statistics.sent == 2)
        #expect(await bus.statistics.declined == 2)
    }

    @Test("a channel that does not answer is given up, and is not asked for ever")
    func unanswered() async throws {
        let hang = Hang()
        let other = InMemorySignalBus(localPeerID: "a", clock: clock.nodeClock)
        let bus = bus {
            $0.unansweredPerChannel = 2
            $0.pendingSends = 1
        }
        await bus.add(HangingChannel(kind: .mesh, hang: hang))
        let direct = FakeSignalLink(kind: .direct, from: "b", to: other)
        await bus.add(direct)
        for count in 1...3 {
            let signal = signal("\(count)", from: "b", to: "a", channels: [.mesh, .direct])
            let sending = Task { try await bus.send(signal) }
            if count <= 2 {
                await hang.waitUntilEntered(count)
                await clock.waitForSleepers()
                #expect(direct.taken.count == count - 1)
                clock.advance(by: .seconds(5))
            }
            try await sending.value
            #expect(direct.taken.count == count)
        }
        #expect(await hang.entered == 2)
        #expect(await bus.statistics.unanswered == 3)
        await hang.release()
    }

    @Test("a cancelled send does not wait for a channel")
    func cancelledSend() async throws {
        let hang = Hang()
        let bus = bus()
        await bus.add(HangingChannel(kind: .mesh, hang: hang))
        let signal = signal(from: "b", to: "a")
        let sending = Task { try await bus.send(signal) }
        await hang.waitUntilEntered()
        sending.cancel()
        let error = await #expect(throws: BackendError.self) { try await sending.value }
        #expect(error?.code == .cancelled)
        await hang.release()
    }

    @Test("what is not ours, has expired or is too large is not sent")
    func refusals() async {
        let bus = bus()
        func code(_ signal: Signal) async -> BackendError.Code? {
            await #expect(throws: BackendError.self) { try await bus.send(signal) }?.code
        }
        #expect(await code(signal(from: "c", to: "a")) == .refused)
        #expect(await code(signal(from: "b", to: "a", after: .seconds(-60))) == .timedOut)
        #expect(await code(signal(String(repeating: "x", count: 300), from: "b", to: "a")) == .limitExceeded)
        await bus.stop()
        #expect(await code(signal(from: "b", to: "a")) == .shutDown)
    }

    @Test("a bus that is stopped ends its readers and takes nothing in")
    func stop() async throws {
        let bus = bus()
        let arrivals = await bus.signals()
        await bus.stop()
        for await _ in arrivals { Issue.record("nothing was sent") }
        #expect(try await arrive(signal(), at: bus) == .stopped)
        for await _ in await bus.signals() { Issue.record("nothing can be read") }
    }
}

private struct HangingChannel: SignalChannel {
    let kind: SignalChannelKind
    let hang: Hang

    func take(_ envelope: [UInt8], of signal: Signal) async -> Bool {
        await hang.wait()
        return true
    }
}

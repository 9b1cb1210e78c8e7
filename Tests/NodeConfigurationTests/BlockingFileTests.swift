import Configuration
import Foundation
import PrivateTorrent
import Testing

@testable import NodeConfiguration

@Suite("A file that does not answer", .timeLimit(.minutes(3)))
struct BlockingFileTests {
    @Test("holds whoever reads it, and nobody else")
    func poolIsFree() async throws {
        // More than the cooperative pool has threads.
        let count = 2 * ProcessInfo.processInfo.activeProcessorCount + 2
        let (entered, mayGo) = (DispatchSemaphore(value: 0), DispatchSemaphore(value: 0))
        let readings = (0..<count).map { _ in
            Task {
                let provider = StuckProvider(entered: entered, mayGo: mayGo)
                return try await TorrentOptionsReader(providers: [provider]).reload().options
            }
        }
        // A thread, which goes on even where the pool does not.
        let allAtOnce = await withCheckedContinuation { continuation in
            Thread.detachNewThread {
                let deadline = DispatchTime.now() + 60
                let all = (0..<count).allSatisfy { _ in entered.wait(timeout: deadline) == .success }
                for _ in 0..<count { mayGo.signal() }
                continuation.resume(returning: all)
            }
        }
        #expect(allAtOnce, "they cannot all wait at the same time where they hold the pool")
        for reading in readings { #expect(try await reading.value == TorrentBackendOptions()) }
    }
}

/// Blocks its thread when it is asked to look again, as a share does that does not answer.
private struct StuckProvider: ConfigProvider {
    let inner = InMemoryProvider(values: [:])
    let entered: DispatchSemaphore
    let mayGo: DispatchSemaphore

    var providerName: String { "StuckProvider" }

    func value(forKey key: AbsoluteConfigKey, type: ConfigType) throws -> LookupResult {
        try inner.value(forKey: key, type: type)
    }

    func fetchValue(forKey key: AbsoluteConfigKey, type: ConfigType) async throws -> LookupResult {
        block()
        return try inner.value(forKey: key, type: type)
    }

    private func block() {
        entered.signal()
        mayGo.wait()
    }

    func watchValue<Return: ~Copyable>(
        forKey key: AbsoluteConfigKey, type: ConfigType,
        updatesHandler: (
            _ updates: ConfigUpdatesAsyncSequence<Result<LookupResult, any Error>, Never>
        ) async throws -> Return
    ) async throws -> Return {
        try await inner.watchValue(forKey: key, type: type, updatesHandler: updatesHandler)
    }

    func snapshot() -> any ConfigSnapshot { inner.snapshot() }

    func watchSnapshot<Return: ~Copyable>(
        updatesHandler: (_ updates: ConfigUpdatesAsyncSequence<any ConfigSnapshot, Never>) async throws ->
            Return
    ) async throws -> Return {
        try await inner.watchSnapshot(updatesHandler: updatesHandler)
    }
}

import Foundation
import Testing

@testable import TorrentEngine

/// Drives an engine at random, and compares it to a simple model of what must hold. PRIVATETORRENT_MODEL_STEPS and
/// PRIVATETORRENT_MODEL_SEED repeat a run, or make a long one.
@Suite(.timeLimit(.minutes(30)))
struct ModelTests {
    @Test(
        "Pausing, resuming, adding and removing in every state and order: every call is answered, nothing is left"
    )
    func everyOrder() async throws {
        let environment = ProcessInfo.processInfo.environment
        let steps = environment["PRIVATETORRENT_MODEL_STEPS"].flatMap { Int($0) } ?? 300
        let seed = environment["PRIVATETORRENT_MODEL_SEED"].flatMap { UInt64($0) } ?? .random(in: 0..<1 << 32)
        print("model: \(steps) steps, PRIVATETORRENT_MODEL_SEED=\(seed)")
        let model = try await EngineModel(seed: seed)
        for _ in 0..<steps {
            try await model.step()
            guard await model.problems.isEmpty else { break }
        }
        try await model.end()
        let problems = await model.problems
        guard !problems.isEmpty else { return }
        let trace = await model.trace.suffix(40).joined(separator: "\n")
        Issue.record("seed \(seed):\n\(problems.joined(separator: "\n"))\nafter\n\(trace)")
    }
}

import Testing
import TorrentEngine

@testable import swarmctl

@Suite struct ExitStatusTests {
    @Test(
        "each code has the status of the contract",
        arguments: [
            (.invalidArgument, 64), (.nothingToShare, 64), (.malformed, 65), (.limitExceeded, 65),
            (.contentMismatch, 65), (.contentChanged, 65), (.inputMissing, 66), (.noMember, 69),
            (.timedOut, 69),
            (.network, 69), (.addressInUse, 69), (.addressNotAvailable, 69), (.fileExists, 73),
            (.diskFull, 74),
            (.permissionDenied, 74), (.inputOutput, 74), (.refusedByPrivateMode, 77), (.internalFailure, 70),
            (.cancelled, 70), (.torrentNotFound, 66), (.duplicateTorrent, 73), (.wrongState, 75),
            (.shutDown, 69),
        ] as [(EngineError.Code, Int32)])
    func status(of code: EngineError.Code, is expected: Int32) {
        #expect(ExitStatus(code).code == expected)
        let failure = Failure(of: EngineError(code, "test", reason: "a reason", remedy: "a remedy"))
        #expect(failure?.status.code == expected)
        #expect(failure?.code == code.description)
        #expect(failure?.message == "cannot test: a reason")
        #expect(failure?.remedy == "a remedy")
    }

    @Test func wordsOfANode() {
        #expect(ExitStatus(word: "duplicateTorrent") == .inTheWay)
        #expect(ExitStatus(word: "badRequest") == .usage)
        #expect(ExitStatus(word: "a word of a later version") == .software)
    }

    @Test func othersErrorsAreNotFailures() {
        struct Other: Error {}
        #expect(Failure(of: Other()) == nil)
        #expect(Failure(of: CancellationError())?.isCancellation == true)
    }

    @Test func badOptionsAreUsage() {
        let failure = #expect(throws: Failure.self) { try ListenOptions.parse(["example.org:1"]) }
        #expect(failure?.status == .usage)
        #expect(failure?.code == "usage")
        #expect(throws: Failure.self) { try ListenOptions.require([]) }
    }
}

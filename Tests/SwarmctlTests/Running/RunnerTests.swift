import ArgumentParser
import Testing

@testable import swarmctl

@Suite struct RunnerTests {
    /// Red where everything that is none of ours is taken for a mistake in the arguments.
    @Test("What nobody foresaw is our own fault, and a mistake in the arguments is not")
    func unknown() {
        struct Other: Error {}
        let failure = Runner.failure(ofUnknown: Other(), in: "list")
        #expect(failure.code == "internalFailure" && failure.status == .software)
        #expect(failure.message.contains("Other") && failure.remedy != nil)
        for arguments in [
            ["--nonsense"], ["nonsense"], ["top", "--json"], ["peers"], ["status", "--socket"],
        ] {
            let error = #expect(throws: (any Error).self) { _ = try Swarmctl.parseAsRoot(arguments) }
            guard let error else { continue }
            let mistake = Runner.failure(ofUnknown: error, in: "list")
            #expect(mistake.code == "usage" && mistake.status == .usage, "\(arguments)")
            #expect(mistake.remedy == "see swarmctl list --help" && !mistake.message.isEmpty)
        }
    }
}

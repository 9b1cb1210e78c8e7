import Foundation
import Testing

@testable import swarmctl

@Suite("swarmctl demo")
struct DemoProcessTests {
    private struct Line: Decodable {
        let event: String
        let schemaVersion: Int
        let bytes: UInt64
        let elapsedMilliseconds: Double
        let identical: Bool
        let strangerBytes: Int
        let channels: [String: Int]
    }

    /// The program that was built along with the tests.
    private var program: URL {
        URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath().deletingLastPathComponent()
            .appendingPathComponent("swarmctl")
    }

    @Test("It passes, says so in one JSON object, and leaves nothing behind")
    func run() async throws {
        let folder = try DemoFolder.make()
        defer { folder.remove() }
        let process = Process()
        process.executableURL = program
        process.arguments = ["demo", "--size", "300000", "--json"]
        process.environment = ProcessInfo.processInfo.environment.merging(["TMPDIR": folder.path]) { $1 }
        let output = Pipe()
        process.standardOutput = output
        process.standardError = FileHandle.nullDevice
        let data = try await onThread { () -> Data in
            guard (try? process.run()) != nil else { return Data() }
            let data = output.fileHandleForReading.readDataToEndOfFile()
            process.waitUntilExit()
            return data
        }
        #expect(process.terminationStatus == 0)
        let line = try JSONDecoder().decode(Line.self, from: data)
        #expect(line.event == "demo" && line.schemaVersion == 1)
        #expect(line.bytes > 300_000 && line.identical && line.strangerBytes == 0)
        #expect(line.channels.count == Channel.allCases.count && line.channels.values.allSatisfy { $0 == 0 })
        #expect(line.elapsedMilliseconds > 0 && line.elapsedMilliseconds < 10_000)
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path).isEmpty)
    }
}

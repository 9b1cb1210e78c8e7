import Foundation
import Testing

@testable import swarmctl

/// The `event` field: what the sources write and what Docs/Cli.md says of it.
@Suite struct EventNameTests {
    private static let root = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../../..")

    /// Red where two objects share a name, where a name has no object, and where an object has its name in another way.
    @Test("Every object has a name of its own")
    func unique() throws {
        let folder = Self.root.appending(path: "Sources/swarmctl").standardizedFileURL
        let paths = try FileManager.default.subpathsOfDirectory(atPath: folder.path)
        var (objects, names): (Int, [String]) = (0, [])
        for path in paths where path.hasSuffix(".swift") {
            let text = try String(contentsOf: folder.appending(path: path), encoding: .utf8)
            objects += text.matches(of: /(struct|enum|class|extension) \w+:[^{]*\bOutputEvent\b/).count
            names += text.matches(of: /static let event = EventName\.(\w+)/).map { String($0.output.1) }
        }
        #expect(names.sorted() == EventName.allCases.map(\.rawValue).sorted())
        #expect(objects == names.count)
    }

    @Test("Docs/Cli.md has a row for each name, and no other")
    func documented() throws {
        let text = try String(contentsOf: Self.root.appending(path: "Docs/Cli.md"), encoding: .utf8)
        let table = try #require(text.split(separator: "| event | fields | from |").last)
        let names = table.split(separator: "\n").prefix { $0.hasPrefix("|") }.compactMap {
            $0.firstMatch(of: /^\| `(\w+)` \|/).map { String($0.output.1) }
        }
        #expect(names.sorted() == EventName.allCases.map(\.rawValue).sorted())
    }
}

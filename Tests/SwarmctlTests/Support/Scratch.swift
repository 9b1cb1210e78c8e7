import Foundation

/// A folder that goes with the test.
final class Scratch: Sendable {
    let path: String

    init() throws {
        path = FileManager.default.temporaryDirectory.appending(path: "swarmctl-\(UUID())").path()
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    func callAsFunction(_ name: String) -> String { "\(path)/\(name)" }

    /// Writes a file below, and the folders above it.
    @discardableResult
    func write(_ name: String, _ data: Data) throws -> String {
        let path = self(name)
        let folder = (path as NSString).deletingLastPathComponent
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        try data.write(to: URL(filePath: path))
        return path
    }

    /// Writes a file with random bytes.
    @discardableResult
    func write(_ name: String, bytes count: Int) throws -> String {
        var generator = SystemRandomNumberGenerator()
        return try write(name, Data((0..<count).map { _ in UInt8.random(in: 0...255, using: &generator) }))
    }

    func read(_ name: String) throws -> Data { try Data(contentsOf: URL(filePath: self(name))) }

    /// Every entry below a folder, sorted.
    func tree(_ name: String) -> [String] {
        (FileManager.default.enumerator(atPath: self(name))?.allObjects as? [String] ?? []).sorted()
    }
}

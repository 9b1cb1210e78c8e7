import Foundation
import PrivateTorrentTesting

/// A folder that goes with the test.
final class Scratch: Sendable {
    let path: String

    init() throws {
        path = FileManager.default.temporaryDirectory.appending(path: "private-torrent-\(UUID())").path()
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    /// Makes a folder below.
    func folder(_ name: String) throws -> String {
        try FileManager.default.createDirectory(atPath: "\(path)/\(name)", withIntermediateDirectories: true)
        return "\(path)/\(name)"
    }

    /// Writes a file below, with bytes that differ from file to file.
    @discardableResult
    func file(_ name: String, bytes count: Int) throws -> String {
        let folder = (name as NSString).deletingLastPathComponent
        if !folder.isEmpty { _ = try self.folder(folder) }
        var generator = SplitMix(seed: UInt64(truncatingIfNeeded: name.hashValue) &+ UInt64(count))
        var data = Data(capacity: count + 8)
        while data.count < count { withUnsafeBytes(of: generator.next()) { data.append(contentsOf: $0) } }
        try data.prefix(count).write(to: URL(filePath: "\(path)/\(name)"))
        return "\(path)/\(name)"
    }

    /// Every entry below a folder, relative to it, sorted.
    func tree(_ name: String) -> [String] {
        (FileManager.default.enumerator(atPath: "\(path)/\(name)")?.allObjects as? [String] ?? []).sorted()
    }

    func contents(_ name: String) throws -> Data { try Data(contentsOf: URL(filePath: "\(path)/\(name)")) }
}

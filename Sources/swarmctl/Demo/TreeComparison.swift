import TorrentEngine

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif
#if canImport(Glibc)
    import Glibc
#endif

/// Two files or folders, compared entry by entry and byte by byte.
///
/// It does not rest on any hash.
struct TreeComparison: Sendable, Equatable {
    /// Bytes that were read on both sides and are equal.
    private(set) var equalBytes: UInt64 = 0
    private(set) var fileCount = 0
    /// What is not alike, by path.
    private(set) var differences: [String] = []

    var isIdentical: Bool { differences.isEmpty }

    /// Compares the entry `name` of two folders.
    ///
    /// Blocks.
    static func compare(_ name: String, in left: String, and right: String) -> TreeComparison {
        var out = TreeComparison()
        let (leftPaths, rightPaths) = (paths(left, name), paths(right, name))
        out.differences = leftPaths.symmetricDifference(rightPaths).sorted()
        if leftPaths.isEmpty && rightPaths.isEmpty { out.differences = [name] }
        for path in leftPaths.intersection(rightPaths).sorted() { out.compareFile(path, left, right) }
        return out
    }

    private static func paths(_ folder: String, _ name: String) -> Set<String> {
        guard FileManager.default.fileExists(atPath: "\(folder)/\(name)") else { return [] }
        let below = (try? FileManager.default.subpathsOfDirectory(atPath: "\(folder)/\(name)")) ?? []
        return Set(below.map { "\(name)/\($0)" } + [name])
    }

    private mutating func compareFile(_ path: String, _ left: String, _ right: String) {
        guard let first = fopen("\(left)/\(path)", "rbe") else { return differences.append(path) }
        defer { fclose(first) }
        guard let second = fopen("\(right)/\(path)", "rbe") else { return differences.append(path) }
        defer { fclose(second) }
        let (firstMode, secondMode) = (Self.kind(first), Self.kind(second))
        guard firstMode != nil, firstMode == secondMode else { return differences.append(path) }
        guard firstMode?.isFolder == false else { return }
        fileCount += 1
        var (mine, theirs) = ([UInt8](repeating: 0, count: 1 << 20), [UInt8](repeating: 1, count: 1 << 20))
        while true {
            let count = fread(&mine, 1, mine.count, first)
            guard fread(&theirs, 1, theirs.count, second) == count, memcmp(mine, theirs, count) == 0,
                ferror(first) == 0, ferror(second) == 0
            else { return differences.append(path) }
            if count == 0 { return }
            equalBytes += UInt64(count)
        }
    }

    private struct Kind: Equatable {
        let isFolder: Bool
        let isExecutable: Bool
    }

    private static func kind(_ file: UnsafeMutablePointer<FILE>) -> Kind? {
        var status = stat()
        guard fstat(fileno(file), &status) == 0 else { return nil }
        let isFolder = status.st_mode & S_IFMT == S_IFDIR
        return Kind(isFolder: isFolder, isExecutable: !isFolder && status.st_mode & S_IXUSR != 0)
    }
}

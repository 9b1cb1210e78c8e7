import Foundation
import Testing

/// A small file system of its own. Needs the right to mount: Tests/Disk/run gives it, in a namespace.
final class SmallDisk: Sendable {
    enum Kind: String, CaseIterable, Sendable { case tmpfs, ext4 }

    static var isPossible: Bool { ProcessInfo.processInfo.environment["PRIVATETORRENT_DISK_TESTS"] != nil }

    let path: String
    private let around: TemporaryFolder

    init(_ kind: Kind, bytes: Int) throws {
        around = try TemporaryFolder()
        try around.makeFolder("disk")
        path = around.full("disk")
        switch kind {
        case .tmpfs: try run("mount", "-t", "tmpfs", "-o", "size=\(bytes)", "tmpfs", path)
        case .ext4:
            try around.write("image", [])
            try #require(truncate(around.full("image"), bytes) == 0)
            try run("mkfs.ext4", "-q", "-m", "0", "-O", "^has_journal", around.full("image"))
            try run("mount", "-o", "loop", around.full("image"), path)
        }
    }

    deinit { try? run("umount", "--lazy", path) }

    func full(_ relative: String) -> String { path + "/" + relative }

    func remount(_ options: String) throws { try run("mount", "-o", "remount,\(options)", path) }

    var freeBytes: UInt64 {
        var room = statvfs()
        guard statvfs(path, &room) == 0 else { return 0 }
        return UInt64(room.f_bavail) * UInt64(room.f_frsize)
    }

    private func run(_ arguments: String...) throws {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = arguments
        try process.run()
        process.waitUntilExit()
        try #require(process.terminationStatus == 0, "\(arguments.joined(separator: " "))")
    }
}

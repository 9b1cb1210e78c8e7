import TorrentEngine

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif
#if canImport(Glibc)
    import Glibc
#endif

/// A private temporary folder with real data in it.
///
/// Every method blocks.
struct DemoFolder: Sendable {
    let path: String

    var source: String { path + "/source" }
    var copies: String { path + "/copies" }
    /// The large file.
    var file: String { source + "/recording.bin" }
    /// The small folder.
    var album: String { source + "/album" }

    /// Makes an empty folder that only this user can read, in `TMPDIR` or `/tmp`.
    static func make(for command: String = "demo") throws(EngineError) -> DemoFolder {
        let parent = getenv("TMPDIR").map { String(cString: $0) }.flatMap { $0.isEmpty ? nil : $0 } ?? "/tmp"
        var template = Array((parent + "/swarmctl-\(command).XXXXXX").utf8CString)
        guard mkdtemp(&template) != nil else {
            throw EngineError(fileErrno: errno, "make a folder in \(parent)")
        }
        return DemoFolder(
            path: String(decoding: template.dropLast().map(UInt8.init(bitPattern:)), as: UTF8.self))
    }

    /// Removes it and all that is in it.
    func remove() { try? FileManager.default.removeItem(atPath: path) }

    /// Fills it with random bytes, so that no copy can be right by chance.
    func fill(fileSize: UInt64) throws(EngineError) {
        for folder in [source, copies, album, album + "/CD 1 – été", album + "/CD 1 – été/日本語"] {
            guard mkdir(folder, 0o700) == 0 else { throw EngineError(fileErrno: errno, "make \(folder)") }
        }
        try write(file, size: fileSize)
        try write(album + "/empty", size: 0)
        try write(album + "/run.sh", size: 120, mode: 0o755)
        for (index, folder) in ["", "/CD 1 – été", "/CD 1 – été/日本語"].enumerated() {
            for number in 1...4 {
                try write(
                    "\(album)\(folder)/track \(number).ogg", size: UInt64(number * 30_011 * (index + 1)))
            }
        }
    }

    /// Writes a file anew.
    func write(_ path: String, bytes: [UInt8]) throws(EngineError) {
        let descriptor = try Self.create(path, mode: 0o600)
        defer { close(descriptor) }
        try Self.write(bytes, to: descriptor, path)
    }

    private func write(_ path: String, size: UInt64, mode: mode_t = 0o644) throws(EngineError) {
        let random = open("/dev/urandom", O_RDONLY | O_CLOEXEC)
        guard random >= 0 else { throw EngineError(fileErrno: errno, "make random data") }
        defer { close(random) }
        let descriptor = try Self.create(path, mode: mode)
        defer { close(descriptor) }
        var block = [UInt8](repeating: 0, count: 1 << 20)
        var left = size
        while left > 0 {
            let count = read(random, &block, Int(min(left, UInt64(block.count))))
            if count < 0 && errno == EINTR { continue }
            guard count > 0 else { throw EngineError(fileErrno: errno, "make random data") }
            try Self.write(block[..<count], to: descriptor, path)
            left -= UInt64(count)
        }
    }

    private static func create(_ path: String, mode: mode_t) throws(EngineError) -> Int32 {
        let descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, mode)
        guard descriptor >= 0 else { throw EngineError(fileErrno: errno, "write \(path)") }
        return descriptor
    }

    private static func write(
        _ bytes: some Collection<UInt8>, to descriptor: Int32, _ path: String
    ) throws(EngineError) {
        var rest = Array(bytes)[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
            if count < 0 && errno == EINTR { continue }
            guard count >= 0 else { throw EngineError(fileErrno: errno, "write \(path)") }
            rest = rest.dropFirst(count)
        }
    }
}

extension EngineError {
    /// A failed call of the file system.
    init(fileErrno code: Int32, _ operation: String) {
        self.init(
            code == ENOSPC || code == EDQUOT ? .diskFull : .inputOutput, operation,
            reason: String(cString: strerror(code)),
            remedy: "set TMPDIR to a folder with room, or give a smaller --size", systemErrno: code)
    }
}

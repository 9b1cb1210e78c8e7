import NodeInterface
import TorrentEngine

#if canImport(Glibc)
    import Glibc
#endif

/// Writes content into a new file, and counts it.
final class FileSink: ContentSink {
    private struct State {
        var written: UInt64 = 0
    }

    private let file: Descriptor
    private let path: String
    private let maximumBytes: UInt64
    private let state = Locked(State())

    /// Makes the file, which must not be there yet.
    static func make(_ path: String, maximumBytes: UInt64) async throws(BackendError) -> FileSink {
        let file = try await translatingErrors { () throws(EngineError) in
            try await blocking("make a file for content") { () throws(EngineError) in
                try Descriptor(
                    path, O_CREAT | O_EXCL | O_NOFOLLOW | O_WRONLY, mode: 0o600,
                    operation: "make \(quoted(path))")
            }
        }
        return FileSink(file, path, maximumBytes)
    }

    private init(_ file: Descriptor, _ path: String, _ maximumBytes: UInt64) {
        self.file = file
        self.path = path
        self.maximumBytes = maximumBytes
    }

    /// Bytes written so far.
    var written: UInt64 { state.withLock { $0.written } }

    func begin(totalBytes: UInt64?) async throws(BackendError) {
        guard let totalBytes, totalBytes > maximumBytes else { return }
        throw tooLarge
    }

    func write(_ bytes: [UInt8]) async throws(BackendError) -> ContentDemand {
        let offset = written
        guard UInt64(bytes.count) <= maximumBytes - offset else { throw tooLarge }
        let (file, path) = (file, path)
        try await translatingErrors { () throws(EngineError) in
            try await blocking("write content") { () throws(EngineError) in
                try file.write(bytes, at: offset, operation: "write \(quoted(path))", path: path)
            }
        }
        state.withLock { $0.written += UInt64(bytes.count) }
        return .more
    }

    /// Makes what was written durable.
    func finish() async throws(BackendError) {
        let (file, path) = (file, path)
        try await translatingErrors { () throws(EngineError) in
            try await blocking("write content") { () throws(EngineError) in
                guard fsync(file.number) == 0 else {
                    throw EngineError("write \(quoted(path))", errno: errno, path: path)
                }
            }
        }
    }

    private var tooLarge: BackendError {
        BackendError(
            .limitExceeded, "fetch content", reason: "it is larger than the \(maximumBytes) bytes allowed")
    }
}

import TorrentEngine

#if canImport(Glibc)
    import Glibc
#endif

/// The file of `--allow-file`.
struct RuleFile: Sendable {
    let path: String

    /// What tells one version of the file from another.
    struct Version: Equatable, Sendable {
        let inode: UInt64
        let size: Int64
        let seconds: Int
        let nanoseconds: Int

        init?(of path: String) {
            var info = stat()
            guard stat(path, &info) == 0 else { return nil }
            inode = UInt64(info.st_ino)
            size = Int64(info.st_size)
            seconds = info.st_mtim.tv_sec
            nanoseconds = info.st_mtim.tv_nsec
        }
    }

    private enum Cause {
        case tick, hangup
    }

    private static let sizeLimit = 4 << 20

    var version: Version? { Version(of: path) }

    /// Reads the whole list.
    ///
    /// - Throws: 64 for a mistake in it, and what the file system says.
    func read() async throws -> [Member] {
        let path = path
        let operation = "read the rules in \(path)"
        let bytes = try await blocking(operation) { () throws(EngineError) in
            try readSmallFile(path, limit: Self.sizeLimit, operation: operation)
        }
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw Failure.usage("cannot \(operation): it is not UTF-8 text")
        }
        let list = try Failure.inOption("--allow-file \(path)") { () throws(EngineError) in
            try AddressRuleList.parse(text)
        }
        return list.rules.map { Member($0, source: .inviteList) }
    }

    /// Reads it again whenever it changes, and at each hang-up, until the task is cancelled.
    ///
    /// - Parameters:
    ///   - known: The version that was read last.
    ///   - changed: Takes the new list. Not called where the list cannot be read: that is said, and the last good
    ///     one stays.
    func follow(
        from known: Version?, hangups: AsyncStream<Void>?, output: Output,
        changed: @escaping @Sendable ([Member]) async throws -> Void
    ) async throws {
        let (causes, continuation) = AsyncStream.makeStream(
            of: Cause.self, bufferingPolicy: .bufferingNewest(2))
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                while (try? await Task.sleep(for: .seconds(1))) != nil { continuation.yield(.tick) }
            }
            if let hangups {
                group.addTask { for await _ in hangups { continuation.yield(.hangup) } }
            }
            group.addTask {
                var known = known
                for await cause in causes {
                    let version = version
                    guard cause == .hangup || version != known else { continue }
                    known = version
                    await reread(output: output, changed: changed)
                }
            }
            try await group.waitForAll()
        }
    }

    private func reread(output: Output, changed: @Sendable ([Member]) async throws -> Void) async {
        do {
            let members = try await read()
            try await changed(members)
            output.note("read \(safe(path)) again: \(Units.count(members.count, "rule"))")
        } catch {
            guard let failure = Failure(of: error), !failure.isCancellation else { return }
            output.warn("\(safe(failure.message)); the last good list stays")
            if let remedy = failure.remedy { output.note("  " + safe(remedy)) }
        }
    }
}

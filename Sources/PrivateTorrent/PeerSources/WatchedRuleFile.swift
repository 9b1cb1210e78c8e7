public import TorrentEngine

#if canImport(Glibc)
    import Glibc
#endif

/// A file of rules, one a line, `#` for comments, that is read again when it changes (``AddressRuleList/parse(_:allowAny:)``).
public struct WatchedRuleFile: Sendable {
    /// What tells one version of the file from another.
    public struct Version: Sendable, Hashable {
        private let inode: UInt64
        private let size: Int64
        private let seconds: Int
        private let nanoseconds: Int

        fileprivate init?(of path: String) {
            var info = stat()
            guard stat(path, &info) == 0 else { return nil }
            inode = UInt64(info.st_ino)
            size = Int64(info.st_size)
            seconds = info.st_mtim.tv_sec
            nanoseconds = info.st_mtim.tv_nsec
        }
    }

    private static let sizeLimit = 4 << 20

    /// Where it is.
    public let path: String
    /// What its members count as.
    public let source: Member.Source

    /// Makes a value; reads nothing.
    public init(_ path: String, countingAs source: Member.Source = .inviteList) {
        self.path = path
        self.source = source
    }

    /// The version at this moment; nil where there is no such file. Blocks for moments.
    public var version: Version? { Version(of: path) }

    /// Reads the whole list.
    ///
    /// - Throws: `.malformed` or `.invalidArgument` for a rule, with its line; `.inputMissing`, `.permissionDenied`,
    ///   `.inputOutput`, `.limitExceeded` over 4 MiB.
    public func read() async throws(EngineError) -> [Member] {
        let path = path
        let operation = "read the rules in \(quoted(path))"
        let bytes = try await blocking(operation) { () throws(EngineError) in
            try readSmallFile(path, limit: Self.sizeLimit, operation: operation)
        }
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw EngineError(.malformed, operation, reason: "it is not UTF-8 text", path: path)
        }
        do throws(EngineError) {
            return try AddressRuleList.parse(text).rules.map { Member($0, source: source) }
        } catch {
            throw EngineError(
                error.code, "\(error.operation) of \(quoted(path))", reason: error.reason,
                remedy: error.remedy,
                path: path)
        }
    }

    /// Reads it again whenever it changes, and at each of `wishes`, until the task is cancelled.
    ///
    /// - Parameters:
    ///   - known: The version that was read last.
    ///   - interval: How often it is looked at.
    ///   - wishes: Reads it at each element too, changed or not: a hang-up signal, say.
    ///   - changed: Takes the new list, or why it cannot be read: then the last good one is to stay.
    public func follow(
        from known: Version?, every interval: Duration = .seconds(1), wishes: AsyncStream<Void>? = nil,
        changed: @escaping @Sendable (Result<[Member], EngineError>) async -> Void
    ) async {
        let (causes, continuation) = AsyncStream.makeStream(
            of: Bool.self, bufferingPolicy: .bufferingNewest(2))
        await withTaskGroup(of: Void.self) { group in
            group.addTask {
                while (try? await Task.sleep(for: interval)) != nil { continuation.yield(false) }
            }
            if let wishes {
                group.addTask { for await _ in wishes { continuation.yield(true) } }
            }
            group.addTask {
                var known = known
                for await isWish in causes {
                    // The version before the content: a write in between is seen at the next look.
                    let path = path
                    let version = try? await blocking("look at \(quoted(path))") { Version(of: path) }
                    guard isWish || version != known else { continue }
                    known = version
                    do throws(EngineError) {
                        let members = try await read()
                        await changed(.success(members))
                    } catch  where error.code != .cancelled {
                        await changed(.failure(error))
                    } catch {
                        return
                    }
                }
            }
        }
    }
}

public import TorrentEngine

/// The rules in a file, followed as it changes.
public struct FilePeerSource: PeerSource {
    private let file: WatchedRuleFile
    private let interval: Duration
    private let failed: @Sendable (EngineError) -> Void

    /// Makes a source.
    ///
    /// - Parameters:
    ///   - file: The file. One that is missing at first names nobody until it is there.
    ///   - interval: How often it is looked at.
    ///   - failed: Told when it cannot be read; the last good list stays.
    public init(
        _ file: WatchedRuleFile, every interval: Duration = .seconds(1),
        failed: @escaping @Sendable (EngineError) -> Void = { _ in }
    ) {
        self.file = file
        self.interval = interval
        self.failed = failed
    }

    /// The file's members, for every job.
    public func members(jobID: String?) -> AsyncStream<[Member]> {
        let (stream, continuation) = AsyncStream.makeStream(
            of: [Member].self, bufferingPolicy: .bufferingNewest(1))
        let (file, interval, failed) = (file, interval, failed)
        let following = Task {
            let take = { @Sendable (read: Result<[Member], EngineError>) in
                switch read {
                case .success(let members): continuation.yield(members)
                case .failure(let error): failed(error)
                }
            }
            let version = try? await blocking("look at \(quoted(file.path))") { file.version }
            do throws(EngineError) { take(.success(try await file.read())) } catch { take(.failure(error)) }
            await file.follow(from: version ?? nil, every: interval) { take($0) }
        }
        continuation.onTermination = { _ in following.cancel() }
        return stream
    }
}

public import NodeInterface
public import PrivateTorrent

/// Options that follow their files: what changes is handed on, and what is wrong changes nothing.
///
/// ```swift
/// let live = try LiveTorrentOptions(reader)
/// let backend = try await TorrentBackend.start(options: live.current, configuration: …)
/// try await live.follow { try await backend.apply($0) } report: { log($0) }
/// ```
public actor LiveTorrentOptions {
    /// Something worth telling the operator.
    ///
    /// Later versions may add cases: switch with a default.
    public enum Notice: Sendable, Hashable {
        /// New options hold.
        case applied(TorrentBackendOptions)
        /// The new options are not used: the last good ones stay. Told once for each mistake.
        case refused(BackendError)
        /// A key that nothing reads, and the like. Told once.
        case warning(String)
    }

    /// The options that hold: the last good ones.
    public private(set) var current: TorrentBackendOptions
    /// What was found at the start that is worth a look.
    public nonisolated let warnings: [String]

    private let reader: TorrentOptionsReader
    private var told: Set<Notice> = []
    private var look: Task<Void, Never>?

    /// Reads the options for the first time.
    ///
    /// - Throws: `BackendError.Code.invalidOptions` with everything that is wrong.
    public init(_ reader: TorrentOptionsReader) throws(BackendError) {
        let reading = try reader.read()
        self.reader = reader
        current = reading.options
        warnings = reading.warnings
        told = Set(reading.warnings.map { .warning($0) })
    }

    /// Looks at the files now, as at a SIGHUP, and hands on what changed.
    ///
    /// - Parameters:
    ///   - apply: Puts the options to use; where it throws, the last good ones stay, and the next look tries again.
    ///   - report: Takes what is worth telling.
    public func reload(
        apply: @escaping @Sendable (TorrentBackendOptions) async throws(BackendError) -> Void,
        report: @escaping @Sendable (Notice) -> Void = { _ in }
    ) async {
        // One look after the other: what was read first must not be applied last.
        let previous = look
        let look = Task {
            await previous?.value
            await self.look(apply, report)
        }
        self.look = look
        await look.value
    }

    private func look(
        _ apply: @Sendable (TorrentBackendOptions) async throws(BackendError) -> Void,
        _ report: @Sendable (Notice) -> Void
    ) async {
        do throws(BackendError) {
            let reading = try await reader.reload()
            for warning in reading.warnings { tell(.warning(warning), report) }
            if reading.options != current {
                try await apply(reading.options)
                current = reading.options
                report(.applied(reading.options))
            }
            // A mistake that comes back after it was mended is told again.
            told = Set(reading.warnings.map { .warning($0) })
        } catch {
            tell(.refused(error), report)
        }
    }

    /// Looks at the files every `interval`, until the task is cancelled.
    ///
    /// - Parameters:
    ///   - interval: How often; a look costs a call of `stat` for each file.
    ///   - apply: As for ``reload(apply:report:)``.
    ///   - report: As for ``reload(apply:report:)``.
    public func follow(
        every interval: Duration = .seconds(1),
        apply: @escaping @Sendable (TorrentBackendOptions) async throws(BackendError) -> Void,
        report: @escaping @Sendable (Notice) -> Void = { _ in }
    ) async {
        while (try? await Task.sleep(for: interval)) != nil { await reload(apply: apply, report: report) }
    }

    private func tell(_ notice: Notice, _ report: @Sendable (Notice) -> Void) {
        if told.insert(notice).inserted { report(notice) }
    }
}

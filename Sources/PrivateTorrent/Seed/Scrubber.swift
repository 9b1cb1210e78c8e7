public import TorrentEngine

/// Reads what is on disk again, little by little, so that what has rotted is known before anybody asks for it.
///
/// One pass hashes every torrent's pieces, one torrent after the other, at a pace that spares the disk; then it rests.
/// It reads only, and never touches the engine: what to do about what it found (fetch it again, tell somebody) is for
/// the caller. The same routine as ``PieceVerifier``, with which it shares its pace.
public struct Scrubber: Sendable {
    /// What is looked at.
    public struct Item: Sendable {
        /// The torrent.
        public let metainfo: Metainfo
        /// Its save folder.
        public let folder: String
        /// The pieces that should be there: a bit each, first piece = highest bit of byte 0; nil for all.
        public let pieces: [UInt8]?

        /// Makes an item.
        public init(metainfo: Metainfo, folder: String, pieces: [UInt8]? = nil) {
            self.metainfo = metainfo
            self.folder = folder
            self.pieces = pieces
        }
    }

    /// What was found of one torrent.
    public struct Finding: Sendable {
        /// What was looked at.
        public let item: Item
        /// The result, or why there is none: the folder is gone, say.
        public let result: Result<PieceVerifier.Verification, EngineError>

        /// Whether every piece that should be there is, and right.
        public var isGood: Bool {
            guard case .success(let found) = result else { return false }
            return found.badFiles.isEmpty
        }
    }

    /// How fast it reads; it may be changed while it does.
    public let pace: HashPace
    /// How long it rests between the end of a pass and the next.
    public let rest: Duration
    private let clock: any Clock<Duration>

    /// Makes a scrubber.
    ///
    /// - Parameters:
    ///   - pace: Bytes a second; 20 MB unless told.
    ///   - rest: Between two passes; a week unless told.
    ///   - clock: What the rest goes by.
    public init(
        pace: HashPace = HashPace(bytesPerSecond: 20_000_000), rest: Duration = .seconds(7 * 86400),
        clock: any Clock<Duration> = ContinuousClock()
    ) {
        self.pace = pace
        self.rest = rest
        self.clock = clock
    }

    /// One pass.
    ///
    /// - Parameter found: Called with each torrent's result, in order; the next one waits for it.
    /// - Throws: `.cancelled` where the task is; nothing else.
    public func scrub(
        _ items: [Item], found: @Sendable (Finding) async -> Void
    ) async throws(EngineError) {
        // One thread: it has time, and others want to read too.
        let verifier = PieceVerifier(threads: 1, pace: pace)
        for item in items {
            let result: Result<PieceVerifier.Verification, EngineError>
            do throws(EngineError) {
                result = .success(
                    try await verifier.verify(item.metainfo, in: item.folder, pieces: item.pieces))
            } catch {
                if error.code == .cancelled { throw error }
                result = .failure(error)
            }
            await found(Finding(item: item, result: result))
        }
    }

    /// Pass after pass, until its task is cancelled.
    ///
    /// - Parameters:
    ///   - items: Asked at the beginning of each pass.
    ///   - found: As in ``scrub(_:found:)``.
    public func run(
        items: @Sendable () async -> [Item], found: @Sendable (Finding) async -> Void
    ) async {
        while !Task.isCancelled {
            do {
                try await scrub(await items(), found: found)
                try await clock.sleep(for: rest)
            } catch {
                return
            }
        }
    }
}

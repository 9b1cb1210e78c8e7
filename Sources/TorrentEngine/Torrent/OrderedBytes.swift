/// The bytes of a torrent's content, in order, while they arrive.
///
/// While somebody reads, the torrent is fetched in order from the first missing piece on, and beyond what is waited for,
/// so that no peer is idle. Each chunk is verified; it is at most a piece long. At most the read-ahead is held in memory:
/// a consumer that is slow makes the rest wait on disk. Starting the torrent, and members, are the caller's.
///
/// Ends after the last byte of the range. Throws what stops the torrent: its storage error, `.torrentNotFound` when it
/// is removed, `.shutDown`; `.cancelled` when the task is; `.wrongState` before the metadata is accepted. Nothing else
/// ends it: where no member sends, it waits.
public struct OrderedBytes: AsyncSequence, Sendable {
    /// A chunk.
    public typealias Element = [UInt8]
    /// The error.
    public typealias Failure = EngineError

    let torrent: Torrent
    let pieceLength: UInt64
    let range: Range<UInt64>
    let window: Int

    /// Begins to read.
    public func makeAsyncIterator() -> Iterator { Iterator(self) }

    /// One reader's place.
    public struct Iterator: AsyncIteratorProtocol {
        private let bytes: OrderedBytes
        private let open: OpenReads
        private var waiting: [(request: UInt64, piece: Int)] = []
        private var nextPiece: Int
        private let endPiece: Int

        init(_ bytes: OrderedBytes) {
            self.bytes = bytes
            open = OpenReads(bytes.torrent)
            nextPiece = bytes.range.isEmpty ? 0 : Int(bytes.range.lowerBound / bytes.pieceLength)
            endPiece =
                bytes.range.isEmpty ? 0 : Int((bytes.range.upperBound - 1) / bytes.pieceLength) + 1
        }

        /// The next chunk; nil after the last.
        public mutating func next() async throws(EngineError) -> [UInt8]? {
            try await next(isolation: nil)
        }

        /// The next chunk; nil after the last.
        public mutating func next(
            isolation actor: isolated (any Actor)?
        ) async throws(EngineError) -> [UInt8]? {
            do throws(EngineError) {
                return try await nextPart()
            } catch {
                // Going on would leave a hole.
                (waiting, nextPiece) = ([], endPiece)
                throw error
            }
        }

        private mutating func nextPart() async throws(EngineError) -> [UInt8]? {
            // What is there already would be handed out to a task that is to end.
            if Task.isCancelled {
                throw EngineError(
                    .cancelled, "read torrent \(bytes.torrent.id)", reason: "the task was cancelled")
            }
            let more = nextPiece..<Swift.min(endPiece, nextPiece + bytes.window - waiting.count)
            if !more.isEmpty {
                let requests = try await bytes.torrent.engine.beginReads(more, of: bytes.torrent.id)
                open.insert(requests)
                waiting += zip(requests, more).map { (request: $0, piece: $1) }
                nextPiece = more.upperBound
            }
            guard let first = waiting.first else { return nil }
            waiting.removeFirst()
            let piece = try await bytes.torrent.engine.pieceBytes(first.request, of: bytes.torrent.id)
            open.remove(first.request)
            return bytes.part(of: piece, at: first.piece)
        }
    }

    private func part(of piece: [UInt8], at index: Int) -> [UInt8] {
        let start = UInt64(index) * pieceLength
        let from = range.lowerBound > start ? Int(range.lowerBound - start) : 0
        let to = Swift.min(piece.count, Int(range.upperBound - start))
        return from == 0 && to == piece.count ? piece : Array(piece[Swift.min(from, to)..<to])
    }
}

/// What a reader has asked for and not taken; given up when the reader goes.
private final class OpenReads: Sendable {
    private let torrent: Torrent
    private let requests = Locked<Set<UInt64>>([])

    init(_ torrent: Torrent) { self.torrent = torrent }

    func insert(_ new: [UInt64]) { requests.withLock { $0.formUnion(new) } }
    func remove(_ request: UInt64) { requests.withLock { _ = $0.remove(request) } }

    deinit {
        let left = Array(requests.withLock { $0 })
        guard !left.isEmpty else { return }
        Task { [torrent] in await torrent.engine.cancelReads(left, of: torrent.id) }
    }
}

extension Torrent {
    /// Reads a range of its content, in order, while it arrives.
    ///
    /// - Parameters:
    ///   - metainfo: The torrent's own, for the length of its pieces.
    ///   - range: Bytes of the content, files laid end to end; nil for all of it. What lies past the end is left out.
    ///   - readAhead: How many bytes may be held for the reader, at least two pieces.
    public func bytes(
        of metainfo: Metainfo, in range: Range<UInt64>? = nil, readAhead: Int = 8 << 20
    ) -> OrderedBytes {
        let whole = 0..<(metainfo.files.map { $0.offsetBytes + $0.sizeBytes }.max() ?? 0)
        let pieceLength = max(1, metainfo.pieceLengthBytes)
        return OrderedBytes(
            torrent: self, pieceLength: UInt64(pieceLength), range: (range ?? whole).clamped(to: whole),
            window: min(1024, max(2, readAhead / pieceLength)))
    }

    /// Reads one of its files, in order, while it arrives.
    public func bytes(
        of file: Metainfo.File, in metainfo: Metainfo, readAhead: Int = 8 << 20
    ) -> OrderedBytes {
        bytes(
            of: metainfo, in: file.offsetBytes..<file.offsetBytes + file.sizeBytes, readAhead: readAhead)
    }
}

public import NodeInterface
public import TorrentEngine

#if canImport(Glibc)
    import Glibc
#endif

/// Fetches one file of a torrent straight into a sink, in order, while it arrives. Of the torrent's other files comes
/// only what shares a piece with it.
///
/// The file lies in a private folder for as long as that takes, and is removed afterwards.
public struct ContentStreamer: Sendable {
    /// What to stream, from whom, and how much of it at most.
    public struct Request: Sendable {
        /// What to fetch.
        public var reference: TorrentReference
        /// The folder below which the private one is made (mode 0700).
        public var folder: String
        /// Who may be in the swarm; those whose rule names a port are dialled.
        public var members: [Member]
        /// The most bytes that are wanted. Larger content is refused before the first byte.
        public var maximumBytes: UInt64
        /// Which file, where the torrent has several.
        public var choice: FileChoice
        /// Whether the torrent speaks `slskdn` meanwhile, and as whom.
        public var messages: MessageChannel?

        /// Makes a request.
        public init(
            _ reference: TorrentReference, below folder: String, members: [Member], maximumBytes: UInt64,
            choice: FileChoice = FileChoice(), messages: MessageChannel? = nil
        ) {
            self.reference = reference
            self.folder = folder
            self.members = members
            self.maximumBytes = maximumBytes
            self.choice = choice
            self.messages = messages
        }
    }

    /// The engine that it fetches with.
    public let engine: Engine

    /// Makes a streamer.
    public init(engine: Engine) { self.engine = engine }

    /// Streams, and returns when the sink has all of it, or had enough. Whatever the end, the torrent is then removed,
    /// and nothing of it is left on disk.
    ///
    /// - Parameter started: Called with the torrent once it runs, so that its members can be changed; again with another
    ///   one where it had to be added anew.
    /// - Throws: `.noPeer` where no member is given; `.limitExceeded` where the content is larger than wanted;
    ///   `.noSuchFile`, `.ambiguousFile`; `.refused`, `.malformed`, `.storage`, `.cancelled`, `.shutDown`; and what the
    ///   sink throws.
    public func stream(
        _ request: Request, to sink: any ContentSink,
        started: @escaping @Sendable (Torrent) async -> Void = { _ in }
    ) async throws(BackendError) -> ContentDelivery {
        let operation = "stream \(request.reference.infoHash)"
        guard !request.members.isEmpty else {
            throw BackendError(.noPeer, operation, reason: "no member of the swarm is known")
        }
        if case .metainfo(let metainfo) = request.reference {
            let wanted = try Self.checkedFile(of: metainfo, request, operation)
            guard wanted.file.sizeBytes > 0 else { return try await deliverNothing(to: sink) }
        }
        let folder = try await makeFolder(below: request.folder)
        let result = await run(request, sink, in: folder, started, operation)
        try? await blocking("remove \(quoted(folder))") { () throws(EngineError) in
            FileSystem.removeTree(folder)
        }
        return try result.get()
    }

    private func run(
        _ request: Request, _ sink: any ContentSink, in folder: String,
        _ started: @Sendable (Torrent) async -> Void, _ operation: String
    ) async -> Result<ContentDelivery, BackendError> {
        var torrent: Torrent?
        let result: Result<ContentDelivery, BackendError>
        do throws(BackendError) {
            let (metainfo, file) = try await begin(request, in: folder, &torrent, started, operation)
            guard let torrent else {
                throw BackendError(.internalFailure, operation, reason: "no torrent")
            }
            result = .success(
                file.sizeBytes == 0
                    ? try await deliverNothing(to: sink)
                    : try await deliver(file, of: metainfo, torrent, sink))
        } catch {
            result = .failure(error)
        }
        try? await torrent?.remove()
        return result
    }

    /// The torrent runs, and what is in it is known and wanted. `torrent` is set as soon as there is one.
    private func begin(
        _ request: Request, in folder: String, _ torrent: inout Torrent?,
        _ started: @Sendable (Torrent) async -> Void, _ operation: String
    ) async throws(BackendError) -> (Metainfo, Metainfo.File) {
        let dialled = request.members.compactMap(\.endpoint)
        let options = AddOptions(
            saveFolder: folder, members: request.members, messages: request.messages,
            rateClass: .interactive)
        var known: Metainfo?
        if case .metainfo(let metainfo) = request.reference {
            known = metainfo
        } else {
            let asking = try await translatingErrors { () throws(EngineError) in
                try await engine.add(request.reference.infoHash, options: options)
            }
            torrent = asking
            let metainfo = try await translatingErrors { () throws(EngineError) in
                try await asking.start(dialling: dialled)
                await started(asking)
                return try await asking.metadata()
            }
            let wanted = try Self.checkedFile(of: metainfo, request, operation)
            // Of an empty file nothing is fetched.
            guard wanted.file.sizeBytes > 0 else { return (metainfo, wanted.file) }
            try await requireSpace(for: wanted.file, of: metainfo, in: folder, operation)
            if metainfo.renamed.isEmpty {
                try await translatingErrors { () throws(EngineError) in
                    try await asking.setFilePriorities(Self.priorities(of: metainfo, only: wanted.index))
                    try await asking.acceptMetadata(metainfo)
                }
                return (metainfo, wanted.file)
            }
            // The engine, left to itself, would make files under the names before cleaning.
            try await translatingErrors { () throws(EngineError) in try await asking.remove() }
            torrent = nil
            known = metainfo
        }
        guard let known else { throw BackendError(.internalFailure, operation, reason: "no metadata") }
        let wanted = try Self.checkedFile(of: known, request, operation)
        try await requireSpace(for: wanted.file, of: known, in: folder, operation)
        let added = try await translatingErrors { () throws(EngineError) in
            var options = options
            options.content = .pieces([UInt8](repeating: 0, count: (known.pieceCount + 7) / 8))
            options.filePriorities = Self.priorities(of: known, only: wanted.index)
            return try await engine.add(known, options: options)
        }
        torrent = added
        try await translatingErrors { () throws(EngineError) in try await added.start(dialling: dialled)
        }
        await started(added)
        return (known, wanted.file)
    }

    private func deliverNothing(to sink: any ContentSink) async throws(BackendError) -> ContentDelivery {
        try await sink.begin(totalBytes: 0)
        return ContentDelivery(deliveredBytes: 0, isComplete: true)
    }

    private func deliver(
        _ file: Metainfo.File, of metainfo: Metainfo, _ torrent: Torrent, _ sink: any ContentSink
    ) async throws(BackendError) -> ContentDelivery {
        try await sink.begin(totalBytes: file.sizeBytes)
        var delivered: UInt64 = 0
        var reader = torrent.bytes(of: file, in: metainfo).makeAsyncIterator()
        while let chunk = try await Self.next(&reader) {
            let demand = try await sink.write(chunk)
            delivered += UInt64(chunk.count)
            if demand == .enough { break }
        }
        return ContentDelivery(deliveredBytes: delivered, isComplete: delivered == file.sizeBytes)
    }

    private static func next(
        _ reader: inout OrderedBytes.Iterator
    ) async throws(BackendError) -> [UInt8]? {
        do throws(EngineError) { return try await reader.next() } catch { throw BackendError(error) }
    }

    /// The file that is meant, where private mode accepts the torrent and it is not larger than wanted.
    private static func checkedFile(
        of metainfo: Metainfo, _ request: Request, _ operation: String
    ) throws(BackendError) -> (index: Int, file: Metainfo.File) {
        do throws(EngineError) { try metainfo.checkPrivateMode() } catch { throw BackendError(error) }
        let wanted = try request.choice.file(in: metainfo, operation)
        guard wanted.file.sizeBytes <= request.maximumBytes else {
            throw BackendError(
                .limitExceeded, operation,
                reason: "it has \(wanted.file.sizeBytes) bytes, more than \(request.maximumBytes)")
        }
        return wanted
    }

    private func makeFolder(below parent: String) async throws(BackendError) -> String {
        try await translatingErrors { () throws(EngineError) in
            try await blocking("prepare \(parent)") { () throws(EngineError) in
                let folder = "\(try Destination.resolveFolder(parent))/.stream-\(Signal.randomID())"
                try FileSystem.makeFolder(folder, mode: 0o700, operation: "stream into \(parent)")
                return folder
            }
        }
    }

    /// For ``AddOptions/filePriorities``.
    private static func priorities(of metainfo: Metainfo, only wanted: Int) -> [UInt8] {
        metainfo.files.indices.map { $0 == wanted ? 4 : 0 }
    }

    private func requireSpace(
        for file: Metainfo.File, of metainfo: Metainfo, in folder: String, _ operation: String
    ) async throws(BackendError) {
        // Its first and its last piece may be of other files too.
        let bytes = min(metainfo.sizeBytes, file.sizeBytes + 2 * UInt64(metainfo.pieceLengthBytes))
        try await translatingErrors { () throws(EngineError) in
            let free = try await blocking(operation) { () throws(EngineError) in
                try FileSystem.freeBytes(at: folder, operation: operation)
            }
            guard free < bytes else { return }
            throw EngineError(
                .diskFull, operation, reason: "\(bytes) bytes are needed and \(free) are free",
                remedy: "free some space", path: folder)
        }
    }
}

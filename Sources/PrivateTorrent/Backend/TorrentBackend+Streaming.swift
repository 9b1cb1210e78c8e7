public import NodeInterface
import TorrentEngine

extension TorrentBackend: ContentFetchBackend {
    /// Streams a candidate's file to a sink, in order, while it arrives.
    ///
    /// Of a torrent of several files it is the one that the candidate's ``SourceCandidate/file`` says, and where its
    /// reference is a magnet link, `so` (BEP 53); exactly one must be left. What comes of the others is thrown away.
    ///
    /// The file lies in a private folder below ``BackendConfiguration/downloadFolder`` meanwhile. Whatever the end, the
    /// torrent is then removed, and nothing of it is left on disk.
    ///
    /// - Throws: `.disabled`; `.refused` where ``validate(_:probeBudget:)`` speaks against it, or its torrent runs
    ///   already; `.limitExceeded` where the file is larger than wanted; `.noSuchFile`, `.ambiguousFile`; `.unsupported`
    ///   where the backend has no download folder; `.malformed`, `.noPeer`, `.storage`, `.cancelled`, `.shutDown`; and
    ///   what the sink throws.
    public func fetch(
        _ candidate: SourceCandidate, to sink: any ContentSink, maximumBytes: UInt64
    ) async throws(BackendError) -> ContentDelivery {
        let operation = "stream candidate \(candidate.id)"
        if case .invalid(let refusal, let detail) = await validate(candidate, probeBudget: nil) {
            throw BackendError(
                refusal == .disabled ? .disabled : .refused, operation, reason: detail ?? refusal.rawValue)
        }
        guard let folder = configuration.downloadFolder else {
            throw BackendError(
                .unsupported, operation, reason: "the backend has no download folder",
                remedy: "set BackendConfiguration.downloadFolder")
        }
        guard case .v1(let infoHash) = CandidateReference(candidate.backendRef) else {
            throw BackendError(.malformed, operation, reason: "its reference is no info-hash or magnet link")
        }
        let isMagnet = candidate.backendRef.prefix(7).lowercased() == "magnet:"
        let choice = FileChoice(
            candidate.file, indices: isMagnet ? try FileChoice.indices(inMagnet: candidate.backendRef) : nil)
        let engine = engine
        return try await runAlone(infoHash, for: nil, operation) { membership async throws(BackendError) in
            let request = ContentStreamer.Request(
                .infoHash(infoHash), below: folder, members: await membership.members,
                maximumBytes: maximumBytes, choice: choice, messages: membership.messages)
            return try await ContentStreamer(engine: engine).stream(request, to: sink) {
                await membership.attach($0)
            }
        }
    }
}

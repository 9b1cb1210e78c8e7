import Foundation
import NodeInterface
import PrivateTorrentTesting
import TorrentEngine

/// A source that delivers what each candidate's reference says: `bytes:COUNT`, `fail`, or `hang`; `together:COUNT`
/// waits until another candidate is being fetched too; `stuck` does not return, cancelled or not.
struct ScriptedSource: ContentFetchBackend {
    let type = ContentBackendType.http
    let supportedDomain: ContentDomain? = nil
    let log = Locked(Log())
    let stuck = Hang()

    struct Log {
        var began: [String] = []
        var atOnce = 0
        var most = 0
    }

    func findCandidates(
        for item: ContentItem, budget: any WorkBudget
    ) async throws(BackendError) -> [SourceCandidate] { [] }

    func validate(
        _ candidate: SourceCandidate, probeBudget: (any WorkBudget)?
    ) async -> CandidateValidation { .valid(trust: 1, quality: 1) }

    func fetch(
        _ candidate: SourceCandidate, to sink: any ContentSink, maximumBytes: UInt64
    ) async throws(BackendError) -> ContentDelivery {
        log.withLock { log in
            log.began.append(candidate.id)
            log.atOnce += 1
            log.most = max(log.most, log.atOnce)
        }
        defer { log.withLock { $0.atOnce -= 1 } }
        let words = candidate.backendRef.split(separator: ":")
        if words.first == "stuck" { await stuck.wait() }
        if words.first == "hang" {
            try? await Task.sleep(for: .seconds(600))
            throw BackendError(.cancelled, "fetch", reason: "cancelled")
        }
        while words.first == "together", log.withLock({ $0.atOnce }) < 2, !Task.isCancelled {
            await Task.yield()
        }
        guard words.first == "bytes" || words.first == "together", let count = words.last.flatMap({ Int($0) })
        else {
            throw BackendError(.noPeer, "fetch", reason: "scripted")
        }
        try await sink.begin(totalBytes: words.count > 2 ? nil : UInt64(count))
        var sent = 0
        while sent < count {
            let next = min(1000, count - sent)
            _ = try await sink.write([UInt8](repeating: 7, count: next))
            sent += next
        }
        return ContentDelivery(deliveredBytes: UInt64(count), isComplete: true)
    }
}

/// Puts files where it is told to, as a BitTorrent backend would.
struct ScriptedTorrents: BitTorrentBackend {
    var isSupported: Bool { true }
    let files: [(name: String, count: Int)]

    func preparePrivateTorrent(
        job: SwarmJob, variant variantID: String
    ) async throws(BackendError) -> String { "" }

    func fetch(
        infoHashOrMagnet: String, into folder: String, progress: (@Sendable (TransferProgress) -> Void)?
    ) async throws(BackendError) -> FetchedContent {
        let total = files.reduce(0) { $0 + $1.count }
        progress?(TransferProgress(phase: .downloading, totalBytes: UInt64(total)))
        for _ in 0..<5 { await Task.yield() }
        if Task.isCancelled { throw BackendError(.cancelled, "fetch", reason: "cancelled") }
        var fetched: [FetchedFile] = []
        for file in files {
            let path = "\(folder)/album/\(file.name)"
            do {
                try FileManager.default.createDirectory(
                    atPath: "\(folder)/album", withIntermediateDirectories: true)
                try Data(repeating: UInt8(file.name.utf8.first ?? 0), count: file.count)
                    .write(to: URL(filePath: path))
            } catch {
                throw BackendError(.storage, "fetch", reason: "\(error)")
            }
            fetched.append(
                FetchedFile(path: path, relativePath: "album/\(file.name)", sizeBytes: UInt64(file.count)))
        }
        return FetchedContent(
            infoHash: infoHashOrMagnet, name: "album", folder: folder, files: fetched)
    }
}

/// A "hash" that is the file's first byte.
struct FirstByteVerifier: FileVerifier {
    func matches(path: String, file: SwarmFile) async throws(BackendError) -> Bool {
        let data = FileManager.default.contents(atPath: path)
        return data?.first.map { String($0) } == file.hash
    }
}

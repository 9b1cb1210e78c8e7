import NodeInterface
import NodeSupport
public import TorrentEngine

/// Seeds content that is on disk.
public struct Seeder: Sendable {
    /// The engine that it seeds with.
    public let engine: Engine
    /// Where its torrents are kept, so that they are there after a restart; nil: nowhere.
    public let store: TorrentStore?

    /// Makes a seeder.
    public init(engine: Engine) {
        self.engine = engine
        store = nil
    }

    /// Makes a seeder whose torrents outlast the process: see ``TorrentStore/restore()``.
    public init(store: TorrentStore) {
        engine = store.engine
        self.store = store
    }

    /// How it begins.
    private struct Start {
        var isStarted = true
        var uploadLimit: UInt32 = 0
        var downloadLimit: UInt32 = 0
    }

    /// Checks the content and starts to seed it.
    ///
    /// - Parameters:
    ///   - metainfo: The torrent.
    ///   - folder: The folder that holds the torrent's top-level file or folder.
    ///   - members: Who may be in the swarm; those whose rule names a port are dialled.
    ///   - isVerified: The content has just been hashed: it is not hashed again.
    ///   - identities: With `isVerified`: who each file was then (``TorrentCreator/Created/identities``), so that
    ///     what was changed or replaced since is not sent.
    ///   - isStarted: Whether members are dialled and let in at once; false: it is there, paused.
    ///   - uploadLimit: Bytes a second, from the first byte on; 0 for no limit.
    ///   - downloadLimit: Bytes a second; 0 for no limit.
    ///   - progress: Called about ten times a second while the content is hashed, on any thread.
    /// - Returns: The torrent.
    ///   A file that is changed or replaced later stops it: ``EngineEvent/Kind/storageError(_:)``.
    /// - Throws: `.refusedByPrivateMode`; `.contentMismatch` naming the first bad files; `.contentChanged` naming a
    ///   file that is not the one that was hashed; `.inputMissing`, `.permissionDenied`, `.inputOutput`;
    ///   `.duplicateTorrent`, `.cancelled`, `.shutDown`.
    public func seed(
        _ metainfo: Metainfo, in folder: String, members: [Member], isVerified: Bool = false,
        identities: [FileIdentity?] = [], isStarted: Bool = true, uploadLimit: UInt32 = 0,
        downloadLimit: UInt32 = 0, progress: (@Sendable (HashProgress) -> Void)? = nil
    ) async throws(EngineError) -> Torrent {
        try metainfo.checkPrivateMode()
        let start = Start(isStarted: isStarted, uploadLimit: uploadLimit, downloadLimit: downloadLimit)
        let resolved = try await blocking("seed \(quoted(metainfo.name))") { () throws(EngineError) in
            let operation = "seed \(quoted(metainfo.name)) from \(quoted(folder))"
            let resolved = try FileSystem.resolve(folder, operation: operation)
            try store?.requireOutside(resolved, operation)
            return resolved
        }
        guard let store else {
            return try await seed(
                metainfo, inReal: resolved, given: folder, members, isVerified, identities, start, progress)
        }
        try await store.beginTakingUp(metainfo.infoHash)
        let result: Result<Torrent, EngineError>
        do throws(EngineError) {
            // What was just hashed has the torrent's own names.
            let named = isVerified ? metainfo : try await store.named(metainfo, in: resolved)
            result = .success(
                try await seed(
                    named, inReal: resolved, given: folder, members, isVerified, identities, start, progress))
        } catch {
            result = .failure(error)
        }
        await store.endTakingUp(metainfo.infoHash)
        return try result.get()
    }

    private func seed(
        _ metainfo: Metainfo, inReal resolved: String, given folder: String, _ members: [Member],
        _ isVerified: Bool, _ identities: [FileIdentity?], _ start: Start,
        _ progress: (@Sendable (HashProgress) -> Void)?
    ) async throws(EngineError) -> Torrent {
        var identities = identities
        if !isVerified, let kept = try await keptIdentities(metainfo, in: resolved) {
            identities = kept
        } else if !isVerified {
            let found = try await PieceVerifier().verify(metainfo, in: resolved, progress: progress)
            guard found.badFiles.isEmpty, found.verifiedPieceCount == metainfo.pieceCount else {
                throw Self.mismatch(metainfo, folder, found)
            }
            identities = found.identities
        }
        let names =
            isVerified
            ? nil : await store?.entry(metainfo.infoHash).map { $0.saveFolder == resolved ? $0.names : [:] }
        return try await seed(
            metainfo, inReal: resolved, identities, members, nil, nil, start, names: names ?? [:])
    }

    /// Seeds a job's content that has just been hashed, for members that change on the way.
    func seed(
        _ metainfo: Metainfo, in folder: String, identities: [FileIdentity?], membership: Membership,
        job: TorrentEntry.Job? = nil
    ) async throws(EngineError) -> Torrent {
        try metainfo.checkPrivateMode()
        return try await seed(
            metainfo, inReal: folder, identities, await membership.members, membership, job)
    }

    private func seed(
        _ metainfo: Metainfo, inReal folder: String, _ identities: [FileIdentity?], _ members: [Member],
        _ membership: Membership?, _ job: TorrentEntry.Job?, _ start: Start = Start(),
        names: [Int: String] = [:]
    ) async throws(EngineError) -> Torrent {
        let torrent = try await engine.add(
            metainfo,
            options: AddOptions(
                saveFolder: folder, members: members, content: .complete, identities: identities,
                messages: membership?.messages, uploadLimit: start.uploadLimit,
                downloadLimit: start.downloadLimit, rateClass: membership == nil ? nil : .fallback))
        do throws(EngineError) {
            if let store {
                var entry = TorrentEntry(
                    metainfo.infoHash, role: .seed, saveFolder: folder,
                    members: membership == nil ? members : [], job: job,
                    addedTime: NodeClock.system.now)
                entry.messages = membership?.messages
                entry.names = names
                entry.isStarted = start.isStarted
                (entry.uploadLimit, entry.downloadLimit) = (start.uploadLimit, start.downloadLimit)
                try await store.put(entry, metainfo)
                await store.track(torrent)
            }
            await membership?.attach(torrent)
            if start.isStarted { try await torrent.start(dialling: members.compactMap(\.endpoint)) }
            try await torrent.waitUntilChecked()
            let status = try await torrent.status()
            guard status.verifiedPieces == status.pieceCount else {
                let bad = status.pieceCount - status.verifiedPieces
                throw EngineError(
                    .contentMismatch, "seed \(quoted(metainfo.name)) from \(quoted(folder))",
                    reason: "\(bad) of its \(status.pieceCount) pieces are missing or wrong",
                    remedy: "swarmctl verify lists every bad piece")
            }
        } catch {
            if let store {
                await store.untrack(torrent)
                try? await store.remove(metainfo.infoHash)
            }
            try? await torrent.remove()
            throw error
        }
        // So that the next start need not hash it.
        try? await store?.save(metainfo.infoHash)
        return torrent
    }

    /// Who each file is, where the state directory knows that they are those that were hashed.
    private func keptIdentities(
        _ metainfo: Metainfo, in folder: String
    ) async throws(EngineError) -> [FileIdentity?]? {
        guard let store, await store.entry(metainfo.infoHash) != nil,
            let whole = try? await store.whole(metainfo, in: folder), case .complete = whole.content
        else { return nil }
        return whole.identities
    }

    private static func mismatch(
        _ metainfo: Metainfo, _ folder: String, _ found: PieceVerifier.Verification
    ) -> EngineError {
        let shown = found.badFiles.prefix(3).map { "\(quoted($0.path)) (\($0.reason))" }.joined(
            separator: ", ")
        let rest = found.badFiles.count > 3 ? " and \(found.badFiles.count - 3) more" : ""
        return EngineError(
            .contentMismatch, "seed \(quoted(metainfo.name)) from \(quoted(folder))",
            reason: "\(found.badFiles.count) of its files are not what the torrent says: \(shown)\(rest)",
            remedy: "swarmctl verify lists every bad piece; fetch --adopt repairs them",
            path: found.badFiles.first?.path)
    }
}

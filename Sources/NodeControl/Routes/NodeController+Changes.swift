import PrivateTorrent
import TorrentEngine

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

extension NodeController {
    /// Adds a torrent, and says which.
    nonisolated func add(_ request: AddRequest) async throws -> InfoHash {
        let reference = try Self.reference(request)
        guard request.folder.hasPrefix("/") else {
            throw Problem(400, "badRequest", "folder is to be an absolute path")
        }
        var members = try Self.members(request.members ?? [])
        if case .magnet(let magnet) = reference {
            for peer in magnet.peers { members.append(Member(try AddressRule(peer), source: .invite)) }
        }
        let infoHash = reference.infoHash
        members = try Self.limited(members, of: infoHash)
        guard request.role != .seed else {
            try await seed(reference, request, members)
            return infoHash
        }
        var options = StoredAdding()
        options.isStarted = request.paused != true
        options.uploadLimit = request.limits?.upload ?? 0
        options.downloadLimit = request.limits?.download ?? 0
        options.selection = request.selection?.selection ?? FileSelection()
        try await store.add(reference, into: request.folder, members: members, options: options)
        return infoHash
    }

    private nonisolated func seed(
        _ reference: TorrentReference, _ request: AddRequest, _ members: [Member]
    ) async throws {
        guard case .metainfo(let metainfo) = reference else {
            throw Problem(400, "badRequest", "to seed, the bytes of the .torrent are needed")
        }
        guard await store.entry(metainfo.infoHash) == nil else {
            throw EngineError(
                .duplicateTorrent, "add torrent \(metainfo.infoHash)", reason: "it is there already")
        }
        guard request.selection == nil else {
            throw Problem(400, "badRequest", "files are chosen to fetch them: a seed has all of them")
        }
        _ = try await Seeder(store: store).seed(
            metainfo, in: request.folder, members: members, isStarted: request.paused != true,
            uploadLimit: request.limits?.upload ?? 0, downloadLimit: request.limits?.download ?? 0)
    }

    private static func reference(_ request: AddRequest) throws -> TorrentReference {
        switch (request.invite, request.torrent) {
        case (let text?, nil):
            if text.prefix(7).lowercased() == "magnet:" { return .magnet(try MagnetLink(parsing: text)) }
            return .infoHash(try InfoHash(parsing: text))
        case (nil, let text?):
            guard let data = Data(base64Encoded: text) else {
                throw Problem(400, "malformed", "torrent is no base64")
            }
            return .metainfo(try Metainfo(bytes: Array(data)))
        default: throw Problem(400, "badRequest", "exactly one of invite and torrent is to be given")
        }
    }

    nonisolated func remove(_ infoHash: InfoHash, deletingFiles: Bool) async throws {
        // Only the engine knows which files are the torrent's own.
        if deletingFiles { _ = try await running(infoHash, "delete the files of") }
        try await store.remove(infoHash, deletingFiles: deletingFiles)
        await forget(infoHash)
    }

    nonisolated func move(_ infoHash: InfoHash, to folder: String) async throws -> [LeftFile] {
        _ = try await entry(infoHash)
        return try await store.move(infoHash, to: folder)
    }

    // MARK: - Members

    /// Members of one torrent: each is looked at for each connection, and dialled at the start.
    static let maximumMembers = 10_000

    /// Each rule once, the first of those that have it.
    static func limited(_ members: [Member], of infoHash: InfoHash) throws(EngineError) -> [Member] {
        var seen: Set<AddressRule> = []
        let out = members.filter { seen.insert($0.rule).inserted }
        guard out.count <= maximumMembers else {
            throw EngineError(
                .limitExceeded, "set the members of torrent \(infoHash)",
                reason: "a torrent has at most \(maximumMembers) members, and these are \(out.count)",
                remedy: "name blocks of addresses: 10.0.0.0/24")
        }
        return out
    }

    static func members(_ rules: [String]) throws(EngineError) -> [Member] {
        var out: [Member] = []
        for rule in rules { out.append(Member(try AddressRule(parsing: rule), source: .inviteList)) }
        return out
    }

    nonisolated func members(of infoHash: InfoHash) async throws -> [MemberEntry] {
        try await entry(infoHash).allMembers.map(MemberEntry.init)
    }

    nonisolated func removeMember(_ text: String, of infoHash: InfoHash) async throws -> [MemberEntry] {
        let rule = try AddressRule(parsing: text)
        return try await changeMembers(of: infoHash) { members in
            let rest = members.filter { $0.rule != rule }
            guard rest.count < members.count else {
                throw Problem(404, "notFound", "no member has the rule \(rule)", remedy: "list the members")
            }
            return rest
        }
    }
}

extension SelectionRequest {
    var selection: FileSelection { FileSelection(selecting: select ?? [], deselecting: deselect ?? []) }
}

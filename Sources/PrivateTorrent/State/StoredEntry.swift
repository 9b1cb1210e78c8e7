import NodeInterface
import TorrentEngine

/// An entry of the index as it stands in the file.
struct StoredEntry: Codable {
    struct StoredMember: Codable {
        let rule: String
        let source: String
        let peerID: String?
    }

    struct StoredJob: Codable {
        let id: String
        let holders: [String: [StoredMember]]
    }

    struct StoredMessages: Codable {
        let peerID: String?
    }

    struct StoredRetention: Codable {
        let isPinned: Bool?
        let expiry: Int64?
        let idleLimitSeconds: Int64?
        let lastNeeded: Int64
    }

    let infoHash: InfoHash
    let role: TorrentEntry.Role
    let job: StoredJob?
    let saveFolder: String?
    let members: [StoredMember]
    let isStarted: Bool
    let isComplete: Bool
    let uploadLimit: UInt32?
    let downloadLimit: UInt32?
    let filePriorities: [UInt8]?
    let names: [Int: String]?
    let renaming: PendingRename?
    let isSequential: Bool?
    let messages: StoredMessages?
    let addedTime: Int64
    let displayName: String?
    let sizeBytes: UInt64?
    var retention: StoredRetention?

    init(_ entry: TorrentEntry) {
        infoHash = entry.infoHash
        role = entry.role
        job = entry.job.map {
            StoredJob(id: $0.id, holders: $0.holders.mapValues { $0.map(StoredMember.init) })
        }
        saveFolder = entry.saveFolder
        members = entry.members.map(StoredMember.init)
        isStarted = entry.isStarted
        isComplete = entry.isComplete
        uploadLimit = entry.uploadLimit == 0 ? nil : entry.uploadLimit
        downloadLimit = entry.downloadLimit == 0 ? nil : entry.downloadLimit
        filePriorities = entry.filePriorities.isEmpty ? nil : entry.filePriorities
        names = entry.names.isEmpty ? nil : entry.names
        renaming = entry.renaming
        isSequential = entry.isSequential ? true : nil
        messages = entry.messages.map { StoredMessages(peerID: $0.peerID) }
        addedTime = entry.addedTime.milliseconds
        displayName = entry.displayName
        sizeBytes = entry.sizeBytes == 0 ? nil : entry.sizeBytes
        retention = StoredRetention(
            isPinned: entry.retention.isPinned ? true : nil, expiry: entry.retention.expiry?.milliseconds,
            idleLimitSeconds: entry.retention.idleLimit?.components.seconds,
            lastNeeded: entry.retention.lastNeeded.milliseconds)
    }

    /// The entry, where everything in it is what it must be.
    func entry() throws(EngineError) -> TorrentEntry {
        if let saveFolder { try Self.check(saveFolder) }
        var out = TorrentEntry(
            infoHash, role: role, saveFolder: saveFolder,
            members: try members.map { member throws(EngineError) in try member.member() },
            addedTime: UnixTime(milliseconds: addedTime))
        if let job {
            var holders: [String: [Member]] = [:]
            for (holder, named) in job.holders {
                holders[holder] = try named.map { member throws(EngineError) in try member.member() }
            }
            out.job = TorrentEntry.Job(id: job.id, holders: holders)
        }
        out.isStarted = isStarted
        out.isComplete = isComplete
        out.uploadLimit = uploadLimit ?? 0
        out.downloadLimit = downloadLimit ?? 0
        guard (filePriorities ?? []).allSatisfy({ $0 <= 7 }) else {
            throw malformed("a file's priority is above 7")
        }
        out.filePriorities = filePriorities ?? []
        for (file, path) in names ?? [:] { try Self.check(file, path) }
        out.names = names ?? [:]
        if let renaming {
            try Self.check(renaming.file, renaming.from)
            try Self.check(renaming.file, renaming.to)
        }
        out.renaming = renaming
        out.isSequential = isSequential ?? false
        if let messages {
            guard messages.peerID.map({ 1...64 ~= $0.utf8.count }) ?? true else {
                throw malformed("the peer ID of its messages has no 1 to 64 bytes")
            }
            out.messages = MessageChannel(peerID: messages.peerID)
        }
        guard displayName.map({ $0.utf8.count < 4096 }) ?? true else {
            throw malformed("the name that it is shown by has 4,096 bytes or more")
        }
        out.displayName = displayName
        out.sizeBytes = sizeBytes ?? 0
        if let retention {
            guard retention.idleLimitSeconds.map({ $0 >= 0 }) ?? true else {
                throw malformed("its time without a member is below 0")
            }
            out.retention = TorrentRetention(
                isPinned: retention.isPinned ?? false,
                expiry: retention.expiry.map { UnixTime(milliseconds: $0) },
                idleLimit: retention.idleLimitSeconds.map { .seconds($0) },
                lastNeeded: UnixTime(milliseconds: retention.lastNeeded))
        }
        return out
    }

    /// A path below a save folder. Whether it fits the torrent is asked when that is known.
    private static func check(_ file: Int, _ path: String) throws(EngineError) {
        let components = FileSystem.components(of: path)
        guard file >= 0, path.utf8.count < 4096, !path.utf8.contains(0),
            components.allSatisfy({ !$0.isEmpty && $0 != "." && $0 != ".." })
        else { throw malformed("a file's name is no path below a folder") }
    }

    /// An absolute path that no component of leads up.
    static func check(_ folder: String) throws(EngineError) {
        let components = FileSystem.components(of: folder)
        guard folder.hasPrefix("/"), !folder.utf8.contains(0), folder.utf8.count < 4096,
            !components.contains(".."), !components.contains(".")
        else { throw malformed("a save folder is no absolute path") }
    }
}

extension StoredEntry.StoredMember {
    private static let sources: [Member.Source] = [.inviteList, .overlay, .invite]

    init(_ member: Member) {
        rule = member.rule.description
        source = member.source.description
        peerID = member.peerID
    }

    func member() throws(EngineError) -> Member {
        guard let source = Self.sources.first(where: { $0.description == source }) else {
            throw malformed("a member's source is not known")
        }
        guard peerID.map({ 1...64 ~= $0.utf8.count }) ?? true else {
            throw malformed("a member's peer ID has no 1 to 64 bytes")
        }
        // Every address there is can only be here because somebody allowed it.
        return Member(try AddressRule(parsing: rule, allowAny: true), source: source, peerID: peerID)
    }
}

private func malformed(_ reason: String) -> EngineError {
    EngineError(.malformed, "read an entry of the index", reason: reason)
}

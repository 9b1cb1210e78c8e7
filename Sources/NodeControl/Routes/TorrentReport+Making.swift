import PrivateTorrent
import TorrentEngine

extension TorrentReport {
    /// - Parameter status: Nil where it is not in the engine.
    init(_ entry: TorrentEntry, _ status: TorrentStatus?, name: String?, error: EngineError?) {
        infoHash = entry.infoHash
        self.name = name
        state = Self.state(entry, status, hasFailed: error != nil)
        role = entry.role.rawValue
        folder = entry.saveFolder
        sizeBytes = status.map { max($0.contentBytes, entry.sizeBytes) } ?? entry.sizeBytes
        let wanted = status?.wantedBytes ?? entry.sizeBytes
        wantedBytes = wanted
        verifiedBytes = status?.wantedVerifiedBytes ?? (entry.isComplete ? entry.sizeBytes : 0)
        progress = wanted == 0 ? (entry.isComplete ? 1 : 0) : Double(verifiedBytes) / Double(wanted)
        downloadRate = status?.downloadRate ?? 0
        uploadRate = status?.uploadRate ?? 0
        receivedBytes = status?.receivedBytes ?? 0
        uploadedBytes = status?.uploadedBytes ?? 0
        wastedBytes = status?.wastedBytes ?? 0
        connectedPeers = status?.connectedPeers ?? 0
        members = entry.allMembers.map(MemberEntry.init)
        limits = TorrentLimits(upload: entry.uploadLimit, download: entry.downloadLimit)
        job = entry.job?.id
        addedTime = entry.addedTime
        lastError = error.map(ErrorReport.init)
    }

    private static func state(_ entry: TorrentEntry, _ status: TorrentStatus?, hasFailed: Bool) -> State {
        guard entry.isStarted else { return .paused }
        guard let status else { return hasFailed || entry.role == .unknown ? .failed : .checking }
        return switch status.state {
        case .metadata, .held: .metadata
        case .checking, .unknown: .checking
        case .downloading: .downloading
        case .finished: .finished
        case .seeding: .seeding
        case .failed: .failed
        }
    }
}

extension TorrentEntry {
    /// Its own members, and those that its job names, each once.
    var allMembers: [Member] {
        var out = members
        for (_, named) in (job?.holders ?? [:]).sorted(by: { $0.key < $1.key }) {
            for member in named where !out.contains(member) { out.append(member) }
        }
        return out
    }
}

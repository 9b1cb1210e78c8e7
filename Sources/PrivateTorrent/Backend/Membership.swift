import NodeInterface
import TorrentEngine

/// Keeps the members of one torrent what the sources and the options say, from before it is there until it ends.
actor Membership {
    /// How the torrent speaks `slskdn` with its members; nil where it does not.
    let messages: MessageChannel?
    private var list: MemberList
    private let sources: [any PeerSource]
    private let jobID: String?
    private var following: Task<Void, Never>?
    /// Sources that may still name somebody.
    private var openSources: Int
    private var torrent: Torrent?
    private var dialled: Set<PeerEndpoint> = []
    private var application: Task<Void, Never>?
    private var waiting: [AsyncStream<Void>.Continuation] = []

    init(
        _ list: MemberList, sources: [any PeerSource], jobID: String?, messages: MessageChannel? = nil
    ) {
        self.list = list
        self.messages = messages
        self.sources = sources
        self.jobID = jobID
        openSources = sources.count
    }

    /// The members at this moment.
    var members: [Member] { list.members }

    /// Those of them that the job named, by who asked for the torrent.
    var named: [String: [Member]] { list.named }

    /// Begins to follow the sources.
    func begin() {
        guard following == nil else { return }
        let (sources, jobID) = (sources, jobID)
        following = Task { [weak self] in
            await withTaskGroup(of: Void.self) { group in
                for (index, source) in sources.enumerated() {
                    group.addTask {
                        for await members in source.members(jobID: jobID) {
                            await self?.take(members, ofSource: index)
                        }
                        // A source that has ended names nobody, but not where it is we that no longer listen.
                        guard !Task.isCancelled else { return }
                        await self?.sourceEnded(index)
                    }
                }
            }
        }
    }

    /// Stops to follow; the torrent's members stay as they are.
    func end() {
        following?.cancel()
        torrent = nil
        wake()
    }

    /// From now on these are the torrent's members; whoever is there to begin with is dialled by whoever starts it.
    func attach(_ torrent: Torrent) async {
        self.torrent = torrent
        dialled = Set(members.compactMap(\.endpoint))
        await apply()
    }

    /// Waits until there is somebody to dial or to admit.
    ///
    /// - Returns: False where nobody came in time, or nobody can come any more.
    func waitForMember(within limit: Duration) async -> Bool {
        let deadline = ContinuousClock.now + limit
        let timer = Task { [weak self] in
            try? await Task.sleep(until: deadline, clock: .continuous)
            await self?.wake()
        }
        defer { timer.cancel() }
        while members.isEmpty {
            guard openSources > 0, ContinuousClock.now < deadline, !Task.isCancelled else { return false }
            let (stream, continuation) = AsyncStream.makeStream(of: Void.self)
            waiting.append(continuation)
            for await _ in stream { break }
        }
        return true
    }

    /// Admits nobody any more; returns when whoever was there is cut.
    func close() async {
        following?.cancel()
        list = MemberList()
        openSources = 0
        wake()
        await apply()
    }

    /// Takes new options; returns when whoever they no longer allow is cut.
    func set(_ options: PrivateModeOptions?) async throws(BackendError) {
        try list.set(options)
        await apply()
    }

    /// Takes what a job names, for one of those who asked for the torrent.
    func set(_ sources: [SwarmSource], namedFor holder: String) async {
        list.set(sources, namedFor: holder)
        await apply()
    }

    /// Drops what the job named for somebody who asked.
    func forget(holder: String) async {
        list.forget(holder: holder)
        await apply()
    }

    /// Whether somebody that a job named for a holder is connected; nil where that cannot be told yet.
    func isConnected(holder: String) async -> Bool? {
        let rules = list.members(namedFor: holder).map(\.rule)
        guard let peers = try? await torrent?.peers() else { return nil }
        return peers.contains { peer in
            peer.isConnected && rules.contains { $0.contains(peer.endpoint.address) }
        }
    }

    private func take(_ members: [Member], ofSource index: Int) async {
        list.set(members, ofSource: index)
        wake()
        await apply()
    }

    private func sourceEnded(_ index: Int) async {
        openSources -= 1
        await take([], ofSource: index)
    }

    private func wake() {
        for continuation in waiting { continuation.finish() }
        waiting.removeAll()
    }

    /// One after the other, each with the list as it is by then: an older list is never applied last.
    private func apply() async {
        guard torrent != nil else { return }
        let previous = application
        let application = Task {
            await previous?.value
            await self.applyNow()
        }
        self.application = application
        await application.value
    }

    private func applyNow() async {
        guard let torrent else { return }
        let members = members
        let endpoints = Set(members.compactMap(\.endpoint))
        let new = endpoints.subtracting(dialled)
        dialled = endpoints
        // It may be gone by now; then there is nobody to cut.
        try? await torrent.setMembers(members)
        if !new.isEmpty { try? await torrent.start(dialling: new.sorted()) }
    }
}

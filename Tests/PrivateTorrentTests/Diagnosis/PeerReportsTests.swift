import Testing

@testable import PrivateTorrent
@testable import TorrentEngine

/// What is shown of a swarm, from what the engine and the history say.
struct PeerReportsTests {
    private let now = ContinuousClock.now
    private let endpoint: PeerEndpoint

    init() throws { endpoint = try PeerEndpoint(parsing: "10.0.0.2:6881") }

    /// Red where a flag or a number is taken from another, or from that of the other side.
    @Test("Each field of a connection is that of the engine")
    func fields() throws {
        let flags: [(WritableKeyPath<PeerSnapshot, Bool>, KeyPath<PeerReport, Bool>)] = [
            (\.isInteresting, \.isInteresting), (\.isRemoteChoking, \.isChokingUs),
            (\.isRemoteInterested, \.isInterested), (\.isChoked, \.isChoked), (\.isSeed, \.isSeed),
            (\.isDownloadLimited, \.isDownloadLimited), (\.isUploadLimited, \.isUploadLimited),
        ]
        for (flag, _) in flags {
            var snapshot = KnownFacts.snapshot(endpoint)
            snapshot[keyPath: flag] = true
            let report = PeerReport(snapshot, seen: nil, now: now)
            #expect(flags.filter { report[keyPath: $0.1] }.map(\.0) == [flag])
        }
        var snapshot = KnownFacts.snapshot(endpoint)
        (snapshot.downloadRate, snapshot.uploadRate) = (1, 2)
        (snapshot.downloadedBytes, snapshot.uploadedBytes, snapshot.pieceCount) = (3, 4, 5)
        let report = PeerReport(snapshot, seen: nil, now: now)
        #expect(
            [report.downloadRate, report.uploadRate, report.downloadedBytes, report.uploadedBytes] == [
                1, 2, 3, 4,
            ])
        #expect(report.pieceCount == 5)
        var states: [PeerReport.State] = []
        for (isConnected, isDialling) in [(true, false), (false, true), (false, false)] {
            (snapshot.isConnected, snapshot.isDialling) = (isConnected, isDialling)
            states.append(PeerReport(snapshot, seen: nil, now: now).state)
        }
        #expect(states == [.connected, .dialling, .handshaking])
    }

    /// Red where somebody is listed twice, in another order, or with the end of another connection.
    @Test("Who is connected, banned, gone, and was never seen")
    func list() throws {
        let places = try (1...4).map { try PeerEndpoint(parsing: "10.0.0.\($0):6881") }
        let members = try DiagnosisFixture.members(places.map(\.description) + ["10.0.0.9"])
        var history = SwarmHistory()
        for place in places[0...2] {
            for _ in 0..<2 {
                history.note(
                    .peerDisconnected(place, direction: .outgoing, reason: .connectionRefused, detail: "why"),
                    at: now - .seconds(3))
            }
        }
        history.note(.peerBanned(places[1]), at: now - .seconds(2))
        let reports = PeerReports(
            try KnownFacts.of(at: now) {
                $0.peers = [KnownFacts.snapshot(places[0])]
                $0.members = members
                $0.history = history
            }
        ).all
        #expect(reports.map(\.endpoint) == places)
        #expect(reports.map(\.state) == [.connected, .banned, .gone, .notSeen])
        #expect(reports.map(\.failures) == [2, 2, 2, 0])
        #expect(reports.map(\.lastSeenSecondsAgo) == [0, 2, 3, nil])
        let gone = PeerReport.Failure(.connectionRefused, detail: "why", secondsAgo: 3)
        #expect(reports.map(\.lastError) == [nil, gone, gone, nil])
    }

    /// Red where the port of one that dialled us counts, where that of one that we dialled does not, or where another
    /// entry is named than the one that had admitted it.
    @Test("By which rule it would be admitted now")
    func rules() throws {
        let members = try DiagnosisFixture.members(["10.0.0.0/24", "10.0.0.2:6881", "10.0.1.2:6881"])
        var history = SwarmHistory()
        func leaves(_ place: String, _ direction: PeerDirection, _ member: Member?) throws {
            let endpoint = try PeerEndpoint(parsing: place)
            history.note(.peerConnected(endpoint, direction: direction, member: member), at: now)
            history.note(
                .peerDisconnected(endpoint, direction: direction, reason: .closed, detail: ""), at: now)
        }
        try leaves("10.0.0.2:6881", .outgoing, members[1])
        try leaves("10.0.1.2:5555", .incoming, nil)
        try leaves("10.0.1.2:7777", .outgoing, members[2])
        let reports = PeerReports(
            try KnownFacts.of(at: now) {
                $0.members = members
                $0.history = history
            }
        ).all.filter { $0.state == .gone }
        #expect(reports.map(\.endpoint.port) == [6881, 5555, 7777])
        #expect(reports.map(\.rule) == ["10.0.0.2:6881", "10.0.1.2:6881", nil])
        #expect(reports.map { $0.lastError?.wasConnected } == [true, true, true])
    }
}

import Testing
import TorrentEngine

@testable import PrivateTorrent

/// A torrent of 40 pieces, and engines on loopback that have or want it.
struct DiagnosisFixture {
    let scratch: Scratch
    let created: TorrentCreator.Created
    var metainfo: Metainfo { created.metainfo }

    init() async throws {
        scratch = try Scratch()
        try scratch.file("in", bytes: 40 * 16384)
        var options = TorrentCreator.Options()
        options.pieceLengthBytes = 16384
        created = try await TorrentCreator(options: options).create(of: "\(scratch.path)/in")
    }

    /// An engine with the torrent, started.
    struct Node {
        let engine: Engine
        let torrent: Torrent
        let endpoint: PeerEndpoint
    }

    func node(
        _ address: String, members: [String], content: AddOptions.Content, in folder: String? = nil,
        identities: [FileIdentity?] = [], uploadLimit: UInt32 = 0, downloadLimit: UInt32 = 0,
        freeSpaceFloor: UInt64 = 0, dialling: Bool = true
    ) async throws -> Node {
        let engine = try await Swarm.engine(address)
        let folder = try folder ?? scratch.folder("out-\(address)")
        let members = try Self.members(members)
        let torrent = try await engine.add(
            metainfo,
            options: AddOptions(
                saveFolder: folder, members: members, content: content, identities: identities,
                uploadLimit: uploadLimit, downloadLimit: downloadLimit, freeSpaceFloor: freeSpaceFloor))
        try await torrent.start(dialling: dialling ? members.compactMap(\.endpoint) : [])
        try await torrent.waitUntilChecked()
        let endpoint = try #require(await engine.listeningEndpoints.first)
        return Node(engine: engine, torrent: torrent, endpoint: endpoint)
    }

    /// One that has every piece.
    func seed(
        _ address: String = "127.0.0.1", allowing rules: [String] = ["127.0.0.2"], uploadLimit: UInt32 = 0,
        isHonest: Bool = true
    ) async throws -> Node {
        try await node(
            address, members: rules, content: .complete, in: scratch.path,
            identities: isHonest ? created.identities : [], uploadLimit: uploadLimit)
    }

    /// One that has none.
    func fetch(
        _ address: String = "127.0.0.2", from rules: [String], downloadLimit: UInt32 = 0,
        freeSpaceFloor: UInt64 = 0, dialling: Bool = true
    ) async throws -> Node {
        try await node(
            address, members: rules, content: .pieces(.init(repeating: 0, count: 5)),
            downloadLimit: downloadLimit, freeSpaceFloor: freeSpaceFloor, dialling: dialling)
    }

    static func members(_ rules: [String]) throws -> [Member] {
        try rules.map { Member(try AddressRule(parsing: $0), source: .inviteList, peerID: "peer-\($0)") }
    }
}

/// Asks until the answer has that name, and returns it; the last one after 30 s.
func explanation(
    _ name: String, _ ask: () async throws -> Explanation
) async throws -> Explanation {
    let deadline = ContinuousClock.now + .seconds(30)
    while true {
        let answer = try await ask()
        if answer.cause.name == name || ContinuousClock.now > deadline {
            #expect(answer.cause.name == name, "\(answer)")
            return answer
        }
        try await Task.sleep(for: .milliseconds(20))
    }
}

/// Waits until a member's handshake is done.
func waitForPeer(of torrent: Torrent) async throws {
    while try await !torrent.peerReports().contains(where: { $0.state == .connected }) {
        try await Task.sleep(for: .milliseconds(10))
    }
}

func shutdown(_ nodes: DiagnosisFixture.Node...) async throws {
    for node in nodes { try await node.engine.shutdown() }
}

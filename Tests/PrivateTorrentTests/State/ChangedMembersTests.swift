import Foundation
import Testing
import TorrentEngine

@testable import PrivateTorrent

/// Members that change before the torrent has reached the engine.
@Suite(.timeLimit(.minutes(1)))
struct ChangedMembersTests {
    /// Red where the fetch adds the torrent with the members that it began with: who was withdrawn would be let in.
    @Test("Who is withdrawn while what is there is hashed is no member afterwards, and who has come is one")
    func whileHashing() async throws {
        let scratch = try Scratch()
        var content = Data(count: 64 << 20)
        for folder in ["made", "in"] {
            try FileManager.default.createDirectory(
                atPath: "\(scratch.path)/\(folder)", withIntermediateDirectories: true)
            try content.write(to: URL(filePath: "\(scratch.path)/\(folder)/a"))
            content[0] = 1
        }
        let metainfo = try await TorrentCreator().create(of: "\(scratch.path)/made/a").metainfo
        let store = try await TorrentStore.open("\(scratch.path)/state", engine: Swarm.engine("127.0.0.1"))
        func member(_ rule: String) throws -> Member {
            Member(try AddressRule(parsing: rule), source: .inviteList)
        }
        let (stays, goes, comes) = (
            try member("127.0.0.7:1"), try member("127.0.0.8:1"), try member("127.0.0.9:1")
        )
        var request = FetchRequest(
            .metainfo(metainfo), into: "\(scratch.path)/in", members: [stays, goes], adoptsExisting: true)
        request.seedsAfterwards = true
        let (starts, start) = AsyncStream.makeStream(of: Torrent.self)
        let fetch = Task { [request] in
            try await Fetcher(store: store).fetch(request) { update in
                switch update {
                case .metadata: Task { try await store.setMembers([stays, comes], of: metainfo.infoHash) }
                case .started(let torrent): start.yield(torrent)
                default: break
                }
            }
        }
        var iterator = starts.makeAsyncIterator()
        let torrent = try #require(await iterator.next())
        var known: Set<PeerEndpoint> = []
        while !known.contains(try #require(comes.endpoint)) {
            known = Set(try await torrent.peerReports().map(\.endpoint))
            try await Task.sleep(for: .milliseconds(20))
        }
        #expect(!known.contains(try #require(goes.endpoint)))
        #expect(await store.entry(metainfo.infoHash)?.members == [stays, comes])
        fetch.cancel()
        _ = await fetch.result
        _ = await store.shutdown()
        try await store.engine.shutdown()
    }
}

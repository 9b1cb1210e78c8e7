import Foundation
import NodeConfiguration
import NodeInterface
import PrivateTorrent
import Testing
import TorrentEngine

@Suite(.timeLimit(.minutes(2)))
struct WithdrawnInviteTests {
    @Test("An invite that is taken out of the file cuts its peer in the middle of a transfer")
    func cut() async throws {
        let folder = try ConfigurationFolder()
        let content = try folder.write(String(repeating: "0123456789abcdef", count: 1 << 19), to: "content")
        let created = try await TorrentCreator().create(of: content)
        let seedEngine = try await engine("127.0.0.1")
        let member = Member(try AddressRule(parsing: "127.0.0.2"), source: .inviteList)
        let seed = try await Seeder(engine: seedEngine).seed(
            created.metainfo, in: folder.path, members: [member], isVerified: true)
        try await seed.setRateLimits(upload: 50_000, download: 0)
        let endpoint = try #require(await seedEngine.listeningEndpoints.first)

        func options(_ invites: String) -> String {
            "VirtualSoulfindV2: {Torrent: {Enabled: true, PrivateMode: {InviteList: [\(invites)]}}}"
        }
        let file = try folder.write(options("\"\(endpoint)\", 127.0.0.9"), to: "node.yaml")
        let live = try LiveTorrentOptions(await TorrentOptionsReader(files: [file], environment: [:]))
        let backend = try await TorrentBackend.start(
            options: live.current,
            configuration: BackendConfiguration(
                engine: EngineConfiguration(listen: [ListenAddress(parsing: "127.0.0.2:0")])))
        let following = Task {
            await live.follow(every: .milliseconds(20)) { (new) async throws(BackendError) in
                try await backend.apply(new)
            }
        }
        let fetch = Task {
            try await backend.fetch(infoHashOrMagnet: seed.infoHash.description, into: "\(folder.path)/out")
        }
        while try await seed.status().uploadedBytes == 0 { try await Task.sleep(for: .milliseconds(10)) }
        #expect(try await seed.status().connectedPeers == 1)

        try folder.write(options("127.0.0.9"), to: "node.yaml")
        while try await seed.status().connectedPeers > 0 { try await Task.sleep(for: .milliseconds(10)) }

        fetch.cancel()
        await #expect(throws: BackendError.self) { try await fetch.value }
        following.cancel()
        await following.value
        try await backend.shutdown()
        try await seedEngine.shutdown()
    }

    private func engine(_ address: String) async throws -> Engine {
        try await Engine.start(EngineConfiguration(listen: [ListenAddress(parsing: "\(address):0")]))
    }
}

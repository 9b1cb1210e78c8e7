import Testing
import TorrentEngine

@testable import swarmctl

#if canImport(Glibc)
    import Glibc
#endif

@Suite("Data of the demo")
struct DemoDataTests {
    @Test("A poisoned torrent and invite keep the info-hash, and name every way out")
    func poison() async throws {
        let folder = try DemoFolder.make()
        defer { folder.remove() }
        try folder.fill(fileSize: 1000)
        let watchers = try ChannelWatchers(DemoAddresses())
        defer { watchers.stop() }
        let poison = PoisonedTorrent(outsiders: try PoisonedTorrent.Outsiders(watchers))
        let metainfo = try await TorrentCreator().create(of: folder.album).metainfo

        let poisoned = try Metainfo(bytes: poison.torrent(metainfo))
        #expect(poisoned.infoHash == metainfo.infoHash)
        #expect(Set(poisoned.dropped) == [.trackers, .webSeeds, .httpSeeds, .nodes, .similar])
        #expect(poisoned.refusals.isEmpty)

        let text = poison.invite(MagnetLink(infoHash: metainfo.infoHash), webSeedName: metainfo.name)
        let invite = try MagnetLink(parsing: text)
        #expect(invite.infoHash == metainfo.infoHash)
        #expect(invite.peers == [try watchers.endpoint(.magnetPeer)])
        #expect(Set(invite.dropped) == [.trackers, .webSeeds, .nodes, .hostNames])
    }

    @Test("Copies are compared by names, bytes and executable bits")
    func comparison() throws {
        let folder = try DemoFolder.make()
        defer { folder.remove() }
        let (left, right) = (folder.path + "/left", folder.path + "/right")
        for side in [left, right] {
            #expect(mkdir(side, 0o700) == 0)
            #expect(mkdir(side + "/a", 0o700) == 0)
            try folder.write(side + "/a/one", bytes: [1, 2, 3])
            try folder.write(side + "/a/empty", bytes: [])
        }
        var result = TreeComparison.compare("a", in: left, and: right)
        #expect(result.isIdentical)
        #expect(result.equalBytes == 3)
        #expect(result.fileCount == 2)

        #expect(chmod(right + "/a/empty", 0o700) == 0)
        try folder.write(left + "/a/more", bytes: [0])
        #expect(unlink(right + "/a/one") == 0)
        try folder.write(right + "/a/one", bytes: [1, 2, 4])
        result = TreeComparison.compare("a", in: left, and: right)
        #expect(Set(result.differences) == ["a/more", "a/empty", "a/one"])
        #expect(!TreeComparison.compare("b", in: left, and: right).isIdentical)
    }
}

import Foundation
import Testing

@testable import TorrentEngine

@Suite(.timeLimit(.minutes(1)))
struct FileSyncTests {
    private let folder: TemporaryFolder
    private let metainfo: Metainfo

    init() async throws {
        folder = try TemporaryFolder()
        try folder.write("in/a/x", noise(20_000))
        try folder.write("in/b", noise(20_000, seed: 2))
        metainfo = try await TorrentCreator().create(of: folder.path + "/in").metainfo
    }

    @Test(
        "What was synced is named as it then is; what is not there is not, and is an error only where it is wanted"
    )
    func sync() throws {
        let sync = FileSync()
        let both = try sync.sync(metainfo, in: folder.path, wanted: [0, 1])
        #expect(both == [try identity("in/a/x"), try identity("in/b")])
        unlink(folder.path + "/in/b")
        #expect(try sync.sync(metainfo, in: folder.path, wanted: [0]) == [both[0], nil])
        #expect {
            try sync.sync(metainfo, in: folder.path, wanted: [0, 1])
        } throws: {
            let error = $0 as? EngineError
            return error?.code == .inputMissing && error?.path == folder.path + "/in/b"
        }
    }

    @Test("No link on the way is followed")
    func links() throws {
        try FileManager.default.moveItem(atPath: folder.path + "/in/a", toPath: folder.path + "/elsewhere")
        try FileManager.default.createSymbolicLink(
            atPath: folder.path + "/in/a", withDestinationPath: "../elsewhere")
        #expect(throws: EngineError.self) { try FileSync().sync(metainfo, in: folder.path, wanted: [0]) }
        #expect(try FileSync().sync(metainfo, in: folder.path, wanted: [1])[0] == nil)
    }

    private func identity(_ name: String) throws -> FileIdentity {
        try FileIdentity(of: "\(folder.path)/\(name)", operation: "look")
    }
}

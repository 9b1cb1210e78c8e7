import Foundation
import NodeControl
import Testing
import TorrentEngine

#if canImport(Glibc)
    import Glibc
#endif

/// A client whose node is no node, or none that does what it should.
@Suite(.timeLimit(.minutes(1)))
struct ControlClientTests {
    /// Red where nothing bounds the wait.
    @Test("A node that takes the question and says nothing: an error in time")
    func silent() async throws {
        let folder = try RunningNode.makeFolder()
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let path = "\(folder)/s"
        let listener = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
        defer { close(listener) }
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
        let isBound = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(listener, $0, socklen_t(MemoryLayout<sockaddr_un>.size)) == 0
            }
        }
        #expect(isBound && listen(listener, 4) == 0)
        let client = { () -> ControlClient in
            var client = ControlClient(path: path)
            client.answerTime = .milliseconds(200)
            return client
        }()
        let error = await #expect(throws: ControlClientError.self) { try await client.status() }
        #expect(error == .noAnswer(path: path, within: .milliseconds(200)))
    }
}

import Foundation
import PrivateTorrent
import PrivateTorrentTesting
import Testing
import TorrentEngine

@testable import NodeControl

@Suite(.timeLimit(.minutes(1)))
struct ControlSocketTests {
    private func mode(_ path: String) throws -> Int {
        let attributes = try FileManager.default.attributesOfItem(atPath: path)
        return (attributes[.posixPermissions] as? NSNumber)?.intValue ?? -1
    }

    private func code(_ path: String) -> EngineError.Code? {
        do {
            _ = try ControlSocket(listeningAt: path)
            return nil
        } catch {
            return error.code
        }
    }

    @Test("The socket is 0600 in a folder of 0700, whatever the umask, and goes with the server")
    func modes() async throws {
        let former = umask(0)
        let node = try await RunningNode.start()
        umask(former)
        #expect(try mode(node.server.path) == 0o600)
        #expect(try mode("\(node.folder)/run") == 0o700)
        try await node.stop()
        #expect(!FileManager.default.fileExists(atPath: node.server.path))
    }

    @Test("A live socket is refused, a dead one's replaced")
    func stale() throws {
        let folder = try RunningNode.makeFolder()
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let path = "\(folder)/run/control.sock"
        var first: ControlSocket? = try ControlSocket(listeningAt: path)
        #expect(code(path) == .inUse)
        first = nil  // as a process that was killed leaves it: the file stays
        #expect(FileManager.default.fileExists(atPath: path))
        #expect(code(path) == nil)
        withExtendedLifetime(first) {}
    }

    @Test("Who serves without our lock is live too")
    func otherProgram() throws {
        let folder = try RunningNode.makeFolder()
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let path = "\(folder)/run/control.sock"
        let socket = try ControlSocket(listeningAt: path)
        try FileManager.default.removeItem(atPath: path + ".lock")
        #expect(code(path) == .inUse)
        withExtendedLifetime(socket) {}
    }

    @Test("A folder that others can reach, a file in the way and a path that is too long are refused")
    func refused() throws {
        let folder = try RunningNode.makeFolder()
        defer { try? FileManager.default.removeItem(atPath: folder) }
        try FileManager.default.createDirectory(
            atPath: "\(folder)/open", withIntermediateDirectories: false,
            attributes: [.posixPermissions: 0o750])
        #expect(code("\(folder)/open/control.sock") == .permissionDenied)
        try FileManager.default.createDirectory(
            atPath: "\(folder)/own", withIntermediateDirectories: false,
            attributes: [.posixPermissions: 0o700])
        try Data("text".utf8).write(to: URL(filePath: "\(folder)/own/control.sock"))
        #expect(code("\(folder)/own/control.sock") == .fileExists)
        #expect(try String(contentsOfFile: "\(folder)/own/control.sock", encoding: .utf8) == "text")
        #expect(code("\(folder)/\(String(repeating: "x", count: 100))/control.sock") == .invalidArgument)
        #expect(code("control.sock") == .invalidArgument)
        if geteuid() == 0 {
            #expect(chown("\(folder)/own", 12345, 0) == 0)
            #expect(code("\(folder)/own/other.sock") == .permissionDenied)
        }
    }

    @Test("A server that is dropped ends, and its place is free")
    func dropped() async throws {
        let folder = try RunningNode.makeFolder()
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let engine = try await Engine.start()
        let store = try await TorrentStore.open("\(folder)/state", engine: engine)
        var copies: CopiedDescriptors?
        for _ in 0..<2 {
            let server = try await ControlServer.start(store, at: "\(folder)/run/control.sock")
            #expect(try await ControlClient(path: server.path).status().torrents.total == 0)
            copies = CopiedDescriptors(of: "\(server.path).lock")
            #expect(copies?.count ?? 0 > 0)
        }
        withExtendedLifetime(copies) {}
        _ = await store.shutdown()
        try await engine.shutdown()
    }

    @Test("Another user is told nothing, by the kernel's word")
    func credentials() async throws {
        let node = try await RunningNode.start(isAllowed: { $0 != geteuid() })
        #expect(try await node.problem("GET", "/v1/torrents") == "403 forbidden")
        try await node.stop()
    }

    @Test("The socket is found by one rule")
    func standard() {
        #expect(
            ControlSocketPath.standard(environment: ["XDG_RUNTIME_DIR": "/run/user/1000"])
                == "/run/user/1000/privatetorrent/control.sock")
        for other in [[:], ["XDG_RUNTIME_DIR": ""], ["XDG_RUNTIME_DIR": "relative"]] {
            #expect(ControlSocketPath.standard(environment: other) == "/run/privatetorrent/control.sock")
        }
    }

    @Test("Where no node runs, that is said, with the path")
    func noNode() async throws {
        let folder = try RunningNode.makeFolder()
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let path = "\(folder)/run/control.sock"
        let client = ControlClient(path: path)
        await #expect(throws: ControlClientError.noNode(path: path, reason: "there is no socket")) {
            try await client.status()
        }
        _ = try ControlSocket(listeningAt: path)
        await #expect(
            throws: ControlClientError.noNode(path: path, reason: "nobody listens; the node has ended")
        ) { try await client.status() }
    }
}

import Foundation
import NodeControl

#if canImport(Glibc)
    import Glibc
#endif

/// A `swarmd` in a folder that goes with the test.
final class RunningDaemon: Sendable {
    let folder: String
    let command: Command
    var socket: String { "\(folder)/run/control.sock" }
    var file: String { "\(folder)/node.yaml" }
    var client: ControlClient { ControlClient(path: socket) }

    private init(_ folder: String, _ command: Command) { (self.folder, self.command) = (folder, command) }

    deinit { try? FileManager.default.removeItem(atPath: folder) }

    /// Short: a socket's path has at most 107 bytes.
    static func makeFolder() throws -> String {
        let folder = "/tmp/sd-\(UUID().uuidString.prefix(8))"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: false)
        return folder
    }

    /// Writes the node's file.
    static func configure(_ folder: String, level: String = "info", _ more: String = "") throws {
        let text = """
            VirtualSoulfindV2:
              Torrent:
                Limits: {Rates: "up=10M"}
            Swarmd:
              Listen: ["127.0.0.2:0"]
              StateDirectory: \(folder)/state
              ControlSocket: \(folder)/run/control.sock
              Log: {Level: \(level), Format: json}
            \(more)
            """
        try text.write(toFile: "\(folder)/node.yaml", atomically: true, encoding: .utf8)
    }

    /// Starts one, and waits until it is ready.
    static func start() async throws -> RunningDaemon {
        let folder = try makeFolder()
        try configure(folder)
        let command = try Command(
            ["--config", "\(folder)/node.yaml"], program: Command.beside("swarmd"))
        let daemon = RunningDaemon(folder, command)
        while (try? await daemon.client.get("/readyz", as: HealthReport.self)) == nil {
            try await Task.sleep(for: .milliseconds(20))
        }
        return daemon
    }

    /// Ends it as a service manager does.
    func stop() async -> Command.Ended {
        command.send(SIGTERM)
        return await command.end()
    }
}

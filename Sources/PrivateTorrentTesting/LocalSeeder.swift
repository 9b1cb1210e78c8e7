internal import Foundation
public import NodeInterface
import PrivateTorrent
public import TorrentEngine

/// An engine on loopback that seeds bytes which the test gives.
///
/// Its file is in a temporary folder that goes with ``stop()``.
public struct LocalSeeder: Sendable {
    /// The engine that it seeds with.
    public let engine: Engine
    /// The running torrent.
    public let torrent: Torrent
    /// What is seeded.
    public let metainfo: Metainfo
    /// Where it listens.
    public let endpoint: PeerEndpoint
    private let folder: String

    /// Seeds one file.
    ///
    /// - Parameters:
    ///   - bytes: The file's content, 1 byte or more.
    ///   - name: The file's name.
    ///   - address: A loopback address to listen at.
    ///   - members: Who may fetch it, by address rules such as `127.0.0.2`.
    /// - Throws: `EngineError`, or Foundation's where the file cannot be written.
    public static func start(
        _ bytes: [UInt8], name: String = "content.bin", at address: String = "127.0.0.1", members: [String]
    ) async throws -> LocalSeeder {
        let folder = FileManager.default.temporaryDirectory.appending(path: "local-seeder-\(UUID())").path()
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        var engine: Engine?
        do {
            try Data(bytes).write(to: URL(filePath: "\(folder)/\(name)"))
            let created = try await TorrentCreator().create(of: "\(folder)/\(name)")
            let started = try await Engine.start(
                EngineConfiguration(listen: [ListenAddress(parsing: "\(address):0")]))
            engine = started
            let torrent = try await Seeder(engine: started).seed(
                created.metainfo, in: folder,
                members: members.map { Member(try AddressRule(parsing: $0), source: .inviteList) },
                isVerified: true)
            guard let endpoint = await started.listeningEndpoints.first else {
                throw EngineError(.network, "start a local seeder", reason: "it listens nowhere")
            }
            return LocalSeeder(
                engine: started, torrent: torrent, metainfo: created.metainfo, endpoint: endpoint,
                folder: folder)
        } catch {
            try? await engine?.shutdown()
            try? FileManager.default.removeItem(atPath: folder)
            throw error
        }
    }

    /// The seeder as a job's source.
    public func source(peerID: String) -> SwarmSource {
        SwarmSource(
            peerID: peerID, transport: "torrent", address: endpoint.address.description, port: endpoint.port)
    }

    /// Ends the engine and deletes the file.
    public func stop() async throws {
        defer { try? FileManager.default.removeItem(atPath: folder) }
        try await engine.shutdown()
    }
}

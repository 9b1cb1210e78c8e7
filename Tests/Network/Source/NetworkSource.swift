import Foundation
import NodeInterface
import PrivateTorrent
import TorrentEngine

/// A backend that seeds one file to whoever its interface source names: NetworkSource ADDRESS FILE INTERFACE
///
/// Prints `ready ENDPOINT INFOHASH`, then `members RULE…` for each list that the source gives. Ends with its input.
@main struct Program {
    static func main() async throws {
        let (address, file, interface) = (
            CommandLine.arguments[1], CommandLine.arguments[2], CommandLine.arguments[3]
        )
        let source = InterfacePeerSource(interface, every: .milliseconds(100))
        let backend = try await TorrentBackend.start(
            options: TorrentBackendOptions(enabled: true, privateMode: PrivateModeOptions()),
            configuration: BackendConfiguration(
                engine: EngineConfiguration(listen: [ListenAddress(parsing: "\(address):0")]),
                shareRoots: [(file as NSString).deletingLastPathComponent], peerSources: [source]))
        let size = try FileManager.default.attributesOfItem(atPath: file)[.size] as? UInt64 ?? 0
        let hash = try await backend.preparePrivateTorrent(
            job: SwarmJob(
                jobID: "job", file: SwarmFile(contentID: "c", hash: "", sizeBytes: size),
                variants: [SwarmVariant(id: "v", reference: .localFile(path: file))]), variant: "v")
        say("ready \(await backend.listenEndpoints.first ?? "-") \(hash)")
        let telling = Task {
            for await members in source.members(jobID: nil) {
                say((["members"] + members.map { "\($0.rule)" }).joined(separator: " "))
            }
        }
        let (ends, end) = AsyncStream.makeStream(of: Void.self)
        Thread.detachNewThread {
            while readLine() != nil {}
            end.finish()
        }
        for await _ in ends {}
        telling.cancel()
        try await backend.shutdown()
    }

    private static func say(_ line: String) { FileHandle.standardOutput.write(Data("\(line)\n".utf8)) }
}

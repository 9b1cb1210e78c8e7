import ArgumentParser
import NodeControl
import PrivateTorrent
import TorrentEngine

/// `swarmctl add`
struct Add: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Have a node fetch a torrent, or seed one whose content it has.",
        discussion: """
            By an invite, an info-hash or a .torrent file; - reads an invite from standard input, so that it stands in \
            no list of processes.
            """)

    @Argument(help: ArgumentHelp("An invite, an info-hash, a .torrent file, or -.", valueName: "ref"))
    var reference: String
    @Option(help: ArgumentHelp("The folder, made where it is missing.", valueName: "dir"))
    var into: String
    @Option(
        help: ArgumentHelp("Who may be in the swarm, beside the invite's peers. Repeats.", valueName: "rule"))
    var allow: [String] = []
    @Flag(help: "Seed: the content is in the folder, and is hashed first. Needs a .torrent.")
    var seed = false
    @Flag(help: "Keep it, and do not start it.")
    var paused = false
    @OptionGroup var node: NodeOptions
    @OptionGroup var common: CommonOptions

    func run() async throws {
        let folder = try DetachOptions.absolute(into)
        var request: AddRequest
        switch try await StandardInput.reference(reference) {
        case .metainfo(let metainfo):
            request = AddRequest(
                torrent: base64(metainfo.sanitisedTorrent), folder: folder,
                role: seed ? .seed : .fetch, members: allow)
        case .magnet(let link): request = AddRequest(invite: "\(link)", folder: folder, members: allow)
        case .infoHash(let hash): request = AddRequest(invite: "\(hash)", folder: folder, members: allow)
        }
        guard !seed || request.torrent != nil else {
            throw Failure.usage("--seed needs a .torrent", remedy: "make one with `swarmctl create`")
        }
        request.paused = paused ? true : nil
        let added = try await node.client.add(request)
        let output = common.output
        output.emit(TorrentEvent(torrent: added))
        output.print("\(added.infoHash)")
    }
}

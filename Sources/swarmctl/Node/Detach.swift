import ArgumentParser
import NodeControl
import PrivateTorrent
import TorrentEngine

#if canImport(Glibc)
    import Glibc
#endif
#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// Whether a node does the work, instead of this process.
struct DetachOptions: ParsableArguments {
    @Flag(help: "Hand the work to the node that runs, and return: it goes on there, after a restart too.")
    var detach = false
    @OptionGroup var node: NodeOptions

    /// - Parameter others: Options that the node has of its own, and whether each was given.
    func check(_ others: KeyValuePairs<String, Bool>) throws(Failure) {
        guard detach else {
            guard node.socket == nil else { throw .usage("--socket is for --detach") }
            return
        }
        for (option, isGiven) in others where isGiven {
            throw .usage(
                "\(option) and --detach exclude each other", remedy: "the node's configuration says that")
        }
    }

    /// From the root on, since the node stands elsewhere.
    static func absolute(_ path: String) throws(EngineError) -> String {
        if path.hasPrefix("/") { return path }
        guard let folder = getcwd(nil, 0) else {
            throw EngineError("find the current folder", errno: errno, path: nil)
        }
        defer { free(folder) }
        return String(cString: folder) + "/" + path
    }
}

extension Fetch {
    /// Has a node fetch it.
    func detached() async throws {
        let rates = try limits()
        let reference = try await StandardInput.reference(reference)
        var request: AddRequest
        let folder = try DetachOptions.absolute(into)
        switch reference {
        case .metainfo(let metainfo):
            request = AddRequest(torrent: base64(metainfo.sanitisedTorrent), folder: folder, members: peer)
        case .magnet(let link): request = AddRequest(invite: "\(link)", folder: folder, members: peer)
        case .infoHash(let hash): request = AddRequest(invite: "\(hash)", folder: folder, members: peer)
        }
        if rates != TorrentLimits() { request.limits = rates }
        if !select.isEmpty || !deselect.isEmpty {
            request.selection = SelectionRequest(select: select, deselect: deselect)
        }
        let added = try await handing.node.client.add(request)
        let output = common.output
        output.emit(TorrentEvent(torrent: added))
        output.print("\(added.infoHash)")
        output.note("the node fetches it into \(safe(folder)); swarmctl list shows how far it is")
    }

    private func limits() throws(Failure) -> TorrentLimits { TorrentLimits(try rates.limits()) }
}

extension Share {
    /// Has a node seed it, and prints the invite.
    func detached() async throws {
        let (output, client) = (common.output, handing.node.client)
        let listed = try members.members()
        let limits = TorrentLimits(try rates.limits())
        let listening = try await client.status().listen.compactMap { try? ListenAddress(parsing: $0) }
        guard !listening.isEmpty else {
            throw Failure(
                "notListening", .unavailable, "the node listens nowhere", remedy: "see swarmctl status")
        }
        let announced = try Announcement(announce, listen: listening)
        let created = try await content.create(path, output: output)
        guard let folder = created.savePath else {
            throw Failure("internalFailure", .software, "the torrent has not the name of what it was made of")
        }
        var request = AddRequest(
            torrent: base64(created.torrent), folder: folder, role: .seed,
            members: listed.map { $0.rule.description })
        if limits != TorrentLimits() { request.limits = limits }
        _ = try await client.add(request)
        let endpoints = listening.compactMap { listen in
            listen.address.flatMap { try? PeerEndpoint(address: $0, port: listen.port) }
        }
        let magnet = created.magnet(peers: announced.endpoints(listening: endpoints))
        output.emit(CreatedEvent(created, magnet: magnet, output: nil))
        output.emit(InviteEvent(infoHash: "\(created.metainfo.infoHash)", magnet: "\(magnet)"))
        output.note("the node shares \(safe(created.metainfo.name)): \(created.summary); the invite:")
        output.print("\(magnet)")
    }
}

extension TorrentLimits {
    init(_ limits: RateLimits) {
        self.init(upload: UInt32(clamping: limits.upload), download: UInt32(clamping: limits.download))
    }
}

/// RFC 4648 §4.
func base64(_ bytes: [UInt8]) -> String { Data(bytes).base64EncodedString() }

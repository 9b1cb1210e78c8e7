import ArgumentParser
import TorrentEngine

/// `swarmctl inspect`
struct Inspect: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Show what is in a torrent or magnet link, and what private mode makes of it.",
        discussion: """
            Says whether private swarms carry it and, if not, why; what would be dropped (trackers, web seeds …), \
            and which files would get another name. Contacts nobody.

            A well-formed torrent that private mode refuses is exit 0 with "accepted": false; a malformed one is \
            exit 65.
            """)

    @Argument(help: ArgumentHelp("A .torrent file, or a magnet link in quotes.", valueName: "file|magnet"))
    var reference: String

    @OptionGroup var common: CommonOptions

    func run() async throws {
        let output = common.output
        do throws(EngineError) {
            if reference.prefix(7).lowercased() == "magnet:" {
                show(try MagnetLink(parsing: reference), output)
            } else {
                let path = reference
                show(
                    try await blocking("load \(path)") { () throws(EngineError) in
                        try Metainfo(contentsOf: path)
                    }, output)
            }
        } catch {
            try showRefusal(error, output)
        }
    }

    private func show(_ link: MagnetLink, _ output: Output) {
        var event = InspectedEvent()
        event.infoHash = link.infoHash.description
        event.name = link.name
        event.sizeBytes = link.sizeBytes
        event.accepted = true
        event.dropped = link.dropped.map(\.rawValue)
        event.peers = link.peers.map(\.description)
        output.emit(event)
        output.print("name       \(link.name.map(safe) ?? "not in the link")")
        output.print("info-hash  \(link.infoHash)")
        if let size = link.sizeBytes { output.print("size       \(Units.size(size))") }
        for peer in link.peers { output.print("member     \(peer)") }
        showDropped(link.dropped, output)
    }

    private func show(_ metainfo: Metainfo, _ output: Output) {
        var event = InspectedEvent()
        event.infoHash = metainfo.infoHash.description
        event.name = metainfo.name
        // The sum of what `files` lists, pad files too: what other clients say of the same torrent.
        event.sizeBytes = metainfo.files.reduce(0) { $0 + $1.sizeBytes }
        event.pieceLengthBytes = metainfo.pieceLengthBytes
        event.files = metainfo.files.map {
            FileFact(path: $0.path, sizeBytes: $0.sizeBytes, pad: $0.isPad ? true : nil)
        }
        event.private = metainfo.isPrivate
        event.accepted = metainfo.refusals.isEmpty
        event.reasons = metainfo.refusals.map(\.rawValue)
        event.dropped = metainfo.dropped.map(\.rawValue)
        event.renamed = metainfo.renamed.map { .init(from: $0.from, to: $0.to) }
        output.emit(event)

        output.print("name       \(safe(metainfo.name))")
        output.print("info-hash  \(metainfo.infoHash)")
        output.print("content    \(metainfo.summary)")
        output.print("private    \(metainfo.isPrivate ? "yes" : "no")")
        let reasons = metainfo.refusals.map(\.explanation).joined(separator: ", and ")
        output.print("accepted   " + (reasons.isEmpty ? "yes" : "no: \(reasons)"))
        showDropped(metainfo.dropped, output)
        for renaming in metainfo.renamed {
            output.print("renamed    \(safe(renaming.from)) → \(safe(renaming.to))")
        }
        for (index, file) in metainfo.files.enumerated() where !file.isPad {
            let number = String(index)
            let gap = String(repeating: " ", count: max(1, 6 - number.count))
            output.print("file \(number)\(gap)\(safe(file.path)) (\(Units.size(file.sizeBytes)))")
        }
    }

    private func showDropped(_ dropped: [Metainfo.Dropped], _ output: Output) {
        guard !dropped.isEmpty else { return }
        output.print("dropped    \(dropped.map(\.rawValue).joined(separator: ", "))")
    }

    /// What cannot be loaded has its object too. A v2-only link is well-formed, and refused.
    private func showRefusal(_ error: EngineError, _ output: Output) throws(EngineError) {
        var event = InspectedEvent()
        switch error.code {
        case .malformed, .limitExceeded:
            event.reasons = [error.code.description]
            output.emit(event)
            throw error
        case .refusedByPrivateMode:
            event.reasons = [Metainfo.Refusal.v2.rawValue]
            output.emit(event)
            output.print("accepted   no: \(safe(error.reason))")
        default:
            throw error
        }
    }
}

import ArgumentParser
import NodeControl
import PrivateTorrent

/// `swarmctl explain`
struct Explain: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Say why a torrent does not move: one cause, and what to do next.")

    @OptionGroup var torrent: TorrentArgument
    @OptionGroup var node: NodeOptions
    @OptionGroup var common: CommonOptions

    func run() async throws {
        let found = try await torrent.find(node.client)
        let explanation = try await node.client.get("\(found.route)/explain", as: ExplanationReport.self)
            .explanation
        let output = common.output
        output.emit(ExplanationEvent(infoHash: "\(found.infoHash)", explanation: explanation))
        output.print("\(found.title): \(safe(explanation.summary))")
        if case .nothingWrong = explanation.cause { return }
        output.print("  what to do: \(safe(explanation.action))")
    }
}

/// Why a torrent does not move.
struct ExplanationEvent: OutputEvent {
    static let event = EventName.explanation
    let infoHash: String
    let explanation: Explanation
}

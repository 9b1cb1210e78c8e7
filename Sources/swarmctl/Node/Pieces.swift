import ArgumentParser
import NodeControl
import TorrentEngine

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// `swarmctl pieces`
struct Pieces: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Draw which pieces of a torrent are there.",
        discussion: "From a shaded block for none to a full one for all of the pieces that a cell stands for."
    )

    @OptionGroup var torrent: TorrentArgument
    @OptionGroup var node: NodeOptions
    @OptionGroup var common: CommonOptions

    func run() async throws {
        let found = try await torrent.find(node.client)
        let map = try await node.client.get("\(found.route)/pieces", as: PieceMap.self)
        let output = common.output
        output.emit(PiecesEvent(infoHash: "\(found.infoHash)", map: map))
        for line in Self.drawing(of: map, width: 64, rows: 16) { output.print(line) }
        output.print("\(found.title): \(map.verifiedPieces) of \(Units.count(map.pieceCount, "piece"))")
    }

    /// Each cell is as many pieces as the map needs to fit, the last perhaps of fewer.
    static func drawing(of map: PieceMap, width: Int, rows: Int) -> [String] {
        let bits = Data(base64Encoded: map.bitfield).map(Array.init) ?? []
        let pieces = (0..<map.pieceCount).map {
            $0 / 8 < bits.count && bits[$0 / 8] & (0x80 >> ($0 % 8)) != 0
        }
        let share = max(1, (map.pieceCount + width * rows - 1) / (width * rows))
        let cells = stride(from: 0, to: pieces.count, by: share).map { start -> Character in
            let cell = pieces[start..<min(start + share, pieces.count)]
            let there = cell.count { $0 }
            if there == cell.count { return "█" }
            return there == 0 ? "░" : there * 2 < cell.count ? "▒" : "▓"
        }
        return stride(from: 0, to: cells.count, by: width).map {
            String(cells[$0..<min($0 + width, cells.count)])
        }
    }
}

/// Which pieces are there.
struct PiecesEvent: OutputEvent {
    static let event = EventName.pieces
    let infoHash: String
    let map: PieceMap
}

import ArgumentParser
import NodeControl
import TorrentEngine

/// `swarmctl top`
struct Top: AsyncParsableCommand, EndsWhenInterrupted {
    static let configuration = CommandConfiguration(
        abstract: "Watch the torrents of a node on the whole terminal: the busiest first. q ends it.",
        discussion: "s sorts by another column: rate, progress, peers, name.")

    /// What comes first.
    enum Order: String, CaseIterable {
        case rate, progress, peers, name

        var next: Order {
            let all = Self.allCases
            return all[((all.firstIndex(of: self) ?? 0) + 1) % all.count]
        }

        func isBefore(_ one: TorrentReport, _ other: TorrentReport) -> Bool {
            switch self {
            case .rate: one.downloadRate + one.uploadRate > other.downloadRate + other.uploadRate
            case .progress: one.progress > other.progress
            case .peers: one.connectedPeers > other.connectedPeers
            case .name: one.title < other.title
            }
        }
    }

    @OptionGroup var node: NodeOptions
    @OptionGroup var common: CommonOptions

    func validate() throws {
        guard !common.json else {
            throw ValidationError("top draws on a terminal; see status --watch --json")
        }
    }

    func run() async throws {
        // A node that is not there is said on the screen that stays.
        _ = try await node.client.status()
        let screen = try Screen()
        defer { screen.end() }
        var order = Order.rate
        while true {
            screen.draw(await lines(order, rows: screen.size.rows))
            switch try await screen.key(within: .seconds(1)).map(UnicodeScalar.init) {
            case "q", "Q", "\u{4}": return
            case "s", "S": order = order.next
            default: break
            }
        }
    }

    private func lines(_ order: Order, rows: Int) async -> [String] {
        do throws(ControlClientError) {
            let status = try await node.client.status()
            return Self.lines(status, try await node.client.torrents(), order, rows: rows)
        } catch {
            let failure = Failure(error)
            return [safe(failure.message), safe(failure.remedy ?? ""), "", "trying again; q ends it"]
        }
    }

    static func lines(_ status: NodeStatus, _ torrents: [TorrentReport], _ order: Order, rows: Int)
        -> [String]
    {
        let head = [
            "swarmd \(safe(status.version)), up \(Units.time(.seconds(status.uptimeSeconds))), "
                + "listening on \(status.listen.isEmpty ? "nothing" : safe(status.listen.joined(separator: ", ")))",
            "torrents \(Status.words(status.torrents)); \(Units.count(status.connectedPeers, "peer")); "
                + "down \(Units.rate(status.downloadRate)), up \(Units.rate(status.uploadRate))",
            status.notReady.isEmpty ? "" : "not ready: \(safe(status.notReady.joined(separator: "; ")))",
        ]
        let sorted = torrents.sorted { order.isBefore($0, $1) }
        let foot = "by \(order.rawValue); s sorts by another column, q ends"
        let room = max(1, rows - head.count - 3)
        var table = List.table(Array(sorted.prefix(sorted.count > room ? room - 1 : room)))
        if sorted.count > room { table.append("… \(sorted.count - room + 1) more") }
        return head + table + ["", foot]
    }
}

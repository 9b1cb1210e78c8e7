import ArgumentParser
import NodeControl
import TorrentEngine

/// `swarmctl dashboard`
struct Dashboard: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Print the address of a running node's dashboard.",
        discussion: "The address holds the node's token: whoever has it may do everything with the node.")

    @OptionGroup var node: NodeOptions
    @OptionGroup var common: CommonOptions

    func run() async throws {
        let output = common.output
        guard let web = try await node.client.status().web else {
            throw Failure(
                "noDashboard", .unavailable, "the node serves no dashboard",
                remedy: "set Swarmd:Control:Listen, to 127.0.0.1:9080 say")
        }
        let token = try await blocking("read \(web.tokenFile)") { () throws(EngineError) in
            try BearerToken(readingFrom: web.tokenFile)
        }
        // Behind the #: a browser sends that to nobody.
        let url = "\(web.url)#token=\(token.text)"
        output.emit(DashboardEvent(url: url))
        output.print(safe(url))
    }
}

/// Where the dashboard is.
struct DashboardEvent: OutputEvent {
    static let event = EventName.dashboard
    let url: String
}

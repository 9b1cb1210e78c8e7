import ArgumentParser

/// The `demo` command.
struct DemoCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "demo",
        abstract: "Show the main job on this machine: share, fetch by invite, refuse a stranger.",
        discussion: """
            Shares a file and a folder from 127.0.0.1, fetches them from 127.0.0.2 and compares the copies, while \
            127.0.0.3, who is no member but has the info-hash, is refused. The torrent, the invite and a member \
            name a way out for every public channel; what takes one is counted. Fails if the stranger gets one \
            byte, a copy differs, or any channel is used. Uses loopback addresses only, and a temporary folder.
            """)

    @Option(help: ArgumentHelp("Size of the file that is shared.", valueName: "bytes"))
    var size: UInt64 = 64 << 20

    @Flag(help: "Print one JSON object a line.")
    var json = false

    func validate() throws {
        guard (1...(1 << 40)).contains(size) else {
            throw ValidationError("--size is 1 to \(1 << 40) bytes")
        }
    }

    func run() async throws {
        let output = Output(json: json)
        let report = try await Demo(fileSize: size, note: { output.note($0) }).run()
        output.emit(report)
        output.print(report.text)
        if let failure = report.failure { throw failure }
    }
}

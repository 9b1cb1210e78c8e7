import ArgumentParser
import TorrentEngine

/// The root command. It does nothing itself.
struct Swarmctl: AsyncParsableCommand {
    /// What works on files, or shares and fetches here or in a node.
    private static let local: [any ParsableCommand.Type] = [
        Create.self, Inspect.self, Share.self, Seed.self, Fetch.self, Verify.self, DemoCommand.self,
        ConfigCommand.self, LeakcheckCommand.self,
    ]
    /// What asks a node.
    private static let node: [any ParsableCommand.Type] = [
        Status.self, List.self, Top.self, Doctor.self, BundleCommand.self, Dashboard.self, Add.self,
        Pause.self, Resume.self,
        Remove.self,
        Move.self, Rename.self, Limit.self, Select.self, Peers.self, Pieces.self, Members.self, Explain.self,
        Ping.self,
        EventsCommand.self,
    ]
    /// What only other commands start.
    private static let hidden: [any ParsableCommand.Type] = [LabCommand.self, LabPartyCommand.self]

    /// Add a command to one of the three above.
    static let commands = local + node + hidden

    static let configuration = CommandConfiguration(
        commandName: "swarmctl",
        abstract: "Share files in private BitTorrent swarms: with the people you list, and nobody else.",
        discussion: """
            One side shares, the other fetches by the invite that it prints:

              swarmctl share ~/album --listen 10.0.0.1:6881 --allow 10.0.0.2
              swarmctl fetch 'magnet:?xt=…' --into ~/Downloads

            Only listed addresses are ever talked to. No tracker, DHT, peer exchange, local discovery or web \
            seed is used, whatever a torrent or invite says.

            Every command but top takes --json: one object a line on standard output, each with "schemaVersion" \
            and "event".

            Exit codes: 0 done; 64 usage; 65 malformed or mismatching data; 66 input missing; 69 no member \
            reachable, timed out, or address not bindable; 71 leakcheck could not find out; 73 a different file is in \
            the way; 74 disk; 75 not as things stand; 76 leakcheck saw a leak; 77 refused by private mode; 78 a configuration with mistakes; 130 and 143 interrupted. Anything unforeseen: 70.
            """,
        version: VersionReport.current.text,
        subcommands: local + hidden,
        groupedSubcommands: [CommandGroup(name: "A node that runs", subcommands: node)])
}

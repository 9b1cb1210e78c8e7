import ArgumentParser
import TorrentEngine

/// Who is admitted by a seed.
struct MemberOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "Admit an address, a block (10.0.0.0/24), or host:port, which is dialled too. Repeats.",
            discussion: "Nobody is admitted unless told.", valueName: "rule"))
    var allow: [String] = []

    @Option(
        help: ArgumentHelp(
            "Admit the rules in a file, one a line; # begins a comment.",
            discussion: """
                The file is read again when it changes and on SIGHUP. Who is no longer listed is cut at once. A \
                file with a mistake in it changes nothing.
                """, valueName: "file"))
    var allowFile: String?

    /// The members that `--allow` gives.
    func members() throws(Failure) -> [Member] {
        var members: [Member] = []
        for text in allow {
            let rule = try Failure.inOption("--allow") { () throws(EngineError) in
                try AddressRule(parsing: text)
            }
            members.append(Member(rule, source: .inviteList))
        }
        return members
    }
}

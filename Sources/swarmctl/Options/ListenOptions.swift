import ArgumentParser
import TorrentEngine

/// Where the engine listens.
enum ListenOptions {
    static let help: ArgumentHelp = """
        Where to listen: an IP address, [v6 address] or interface name with a port; port 0 takes any free one. \
        Dials leave from that address too. Repeats.
        """

    /// Reads the values of `--listen`.
    static func parse(_ texts: [String]) throws(Failure) -> [ListenAddress] {
        var addresses: [ListenAddress] = []
        for text in texts {
            addresses.append(
                try Failure.inOption("--listen") { () throws(EngineError) in try ListenAddress(parsing: text)
                })
        }
        return addresses
    }

    /// Reads the values of `--listen` where one is needed.
    static func require(_ texts: [String]) throws(Failure) -> [ListenAddress] {
        guard !texts.isEmpty else {
            throw .usage(
                "--listen is missing: members could not connect",
                remedy: "give --listen HOST:PORT, such as 10.0.0.1:6881 or wg0:6881")
        }
        return try parse(texts)
    }
}

extension ArgumentHelp {
    /// The same help for a value of that name.
    func named(_ valueName: String) -> ArgumentHelp {
        var help = self
        help.valueName = valueName
        return help
    }
}

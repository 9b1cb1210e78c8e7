import ArgumentParser
import PrivateTorrent
import TorrentEngine

/// How fast.
struct LimitOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "At most so many bytes a second to all peers together: 500k, 2.5M, 1Mi. (default: no limit)",
            valueName: "rate"))
    var limitUp: String?

    @Option(
        help: ArgumentHelp(
            "At most so many bytes a second from all peers together. (default: no limit)", valueName: "rate"))
    var limitDown: String?

    func limits() throws(Failure) -> RateLimits {
        RateLimits(
            upload: try Self.rate(limitUp, "--limit-up"), download: try Self.rate(limitDown, "--limit-down"))
    }

    /// Bytes a second; 0 where the option was not given.
    static func rate(_ text: String?, _ option: String) throws(Failure) -> UInt64 {
        guard let text else { return 0 }
        guard let rate = RatePlan.rate(text) else {
            throw .usage("\(option): \(text) is no rate", remedy: "give bytes a second, such as 500k or 2.5M")
        }
        return rate
    }
}
